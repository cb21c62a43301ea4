"""The examples run as they stand, in a short form, and stay short; a notebook twin says what its script says."""

import ast
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PATH = sorted(EXAMPLES.glob("[0-9]*.py"))
OWN_OP = (
    "2. Swish has the right first and second derivative",
    "3. No counterexample",
    "Forgotten: the gradient of Forgotten of Sample((), ()) is wrong",
    "Likely: the sign: every element is −1 times what it should be",
    "Unsummed: the gradient of Unsummed of Sample(",
    "missing un-broadcast: input",
    "Frozen: the second derivative of Frozen of Sample((), ()) is wrong",
    "right in first and wrong in second order",
    "5. The layer's gradients are right",
    "6. It learned sin x",
)
BLANKS = {
    "01": "complex_step", "02": "gradients", "03": "kl", "04": "posterior", "05": "elbo", "06": "reparameterise",
    "07": "best_discriminator", "08": "log_density", "09": "score", "10": "captured", "11": "guided",
    "12": "kernel_distance",
}  # fmt: skip

named = pytest.mark.parametrize("path", PATH, ids=lambda path: path.stem)


def run(path, folder):
    """What a script prints, run in its short form in a fresh process where every warning is an error."""
    environment = {**os.environ, "MINIGEN_QUICK": "1", "PYTHONPATH": str(EXAMPLES.parent)}
    command = [sys.executable, "-W", "error", str(path)]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_path_has_a_page_for_each_number():
    assert [path.stem[:2] for path in PATH] == list(BLANKS)


@pytest.mark.needs_jit
@named
def test_a_page_runs_in_an_empty_folder(path, tmp_path):
    """It promises numbers, obeys its law, and leaves a picture."""
    told = run(path, tmp_path)
    assert told.count("(expected ") >= 3 and f"{BLANKS[path.stem[:2]]} obeys its law." in told
    picture = tmp_path / "runs" / "examples" / f"{path.stem[:2]}.png"
    assert picture.stat().st_size > 20_000 and f"picture: {picture.relative_to(tmp_path)}" in told


def test_an_op_of_ones_own(tmp_path):
    told = run(EXAMPLES / "own_op.py", tmp_path)
    assert all(sentence in told for sentence in OWN_OP), told


# the form


def cells(path):
    """(kind, text) of the cells of a script in the percent format."""
    found = []
    for part in re.split(r"^# %%", path.read_text(), flags=re.M)[1:]:
        head, _, text = part.partition("\n")
        if head.strip() == "[markdown]":
            found.append(("markdown", re.sub(r"^# ?", "", text.strip(), flags=re.M)))
        else:
            found.append(("code", text.strip()))
    return found


@named
def test_the_notebook_has_the_cells_of_the_script(path):
    notebook = json.loads(path.with_suffix(".ipynb").read_text())
    theirs = [(cell["cell_type"], "".join(cell["source"]).strip()) for cell in notebook["cells"]]
    again = f"python examples/twins.py {path.stem[:2]}"
    assert theirs == cells(path), f"{path.stem}.ipynb is out of step with its script; remake it: {again}"


@named
def test_the_notebook_is_committed_as_it_ran(path):
    """With a small picture, and without an error, a clock's time or a path of the machine that ran it."""
    twin = path.with_suffix(".ipynb")
    outputs = [o for cell in json.loads(twin.read_text())["cells"] for o in cell.get("outputs", ())]
    kinds = {o["output_type"] for o in outputs}
    assert "error" not in kinds and any("image/png" in o.get("data", {}) for o in outputs)
    assert all(o["name"] == "stdout" for o in outputs if o["output_type"] == "stream")
    assert twin.stat().st_size < 300_000 and str(Path.home()) not in twin.read_text()


@named
def test_a_page_asks_before_it_tells(path):
    """A question, then a cell, then the answer; and the reader's part comes once."""
    kinds = cells(path)
    asked = [i for i, (_, text) in enumerate(kinds) if "## Predict, then run" in text]
    told = [i for i, (_, text) in enumerate(kinds) if text.startswith("**Answer.**")]
    assert len(asked) == len(told) == 1 and "?**" in kinds[asked[0]][1]
    assert told[0] > asked[0] + 1 and all(kind == "code" for kind, _ in kinds[asked[0] + 1 : told[0]])
    assert sum("## Your turn" in text for _, text in kinds) == 1


# the blanks


@pytest.fixture
def laws(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module("laws")


def blank(path):
    """The function that the reader is to write, as it stands in the script."""
    name = BLANKS[path.stem[:2]]
    tree = ast.parse(path.read_text())
    (definition,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    namespace = {"np": np}
    exec(compile(ast.Module([definition], []), path.name, "exec"), namespace)
    return namespace[name]


def solution(number):
    return getattr(importlib.import_module(f"solutions.s{number}"), BLANKS[number])


@named
def test_a_blank_says_what_to_write(path, laws):
    """Until it is filled its law fails with the hint; the solution has the same arguments, and obeys."""
    name = BLANKS[path.stem[:2]]
    check = getattr(laws, f"check_{name}")
    with pytest.raises(NotImplementedError, match=r"^yours to write: .{20,}"):
        check(blank(path))
    right = solution(path.stem[:2])
    assert right.__code__.co_varnames[: right.__code__.co_argcount] == blank(path).__code__.co_varnames
    assert check(right) is None


def log_softmax_less(log_likelihood, log_prior):
    joint = np.exp(log_likelihood + log_prior)
    return joint / joint.sum(1, keepdims=True)


def summed(x, y, w, b):
    residual = x @ w + b - y
    return x.T @ residual, residual.sum(0)


def with_half(x, w, sigma, m, s):
    """The noise of q is forgotten in the reconstruction."""
    return solution("05")(x, w, sigma, m, s) + 0.5 * w**2 * s**2 / sigma**2


def reached(samples, centres, s):
    distance = np.linalg.norm(samples[:, None] - centres, axis=-1)
    return int((distance < 3 * s).any(0).sum())


def of_the_good(samples, centres, s):
    """1 % of the good samples instead of all."""
    distance = np.linalg.norm(samples[:, None] - centres, axis=-1)
    nearest = distance.argmin(1)[distance.min(1) < 3 * s]
    return int((np.bincount(nearest, minlength=len(centres)) >= 0.01 * len(nearest)).sum())


def clean_score(x, means, s, sigma):
    return solution("09")(x, means, s, 0.0)


def mean_kernel(x, y):
    return ((x @ y.T / x.shape[1] + 1) ** 3).mean()


def with_itself(x, y):
    """A datum's pair with itself counts: the biased estimate."""
    return mean_kernel(x, x) + mean_kernel(y, y) - 2 * mean_kernel(x, y)


WRONG = [
    ("complex_step", "central difference", lambda f, x, h=1e-5: (f(x + h) - f(x - h)) / (2 * h)),
    ("complex_step", "real part", lambda f, x, h=1e-20: f(x + 1j * h).real),
    ("gradients", "sums for means", summed),
    ("gradients", "twice", lambda x, y, w, b: tuple(2 * g for g in solution("02")(x, y, w, b))),
    ("kl", "the other direction", lambda p, q, dx: solution("03")(q, p, dx)),
    ("kl", "without dx", lambda p, q, dx: solution("03")(p, q, 1.0)),
    ("posterior", "overflow", log_softmax_less),
    ("posterior", "no prior", lambda log_l, log_p: solution("04")(log_l, 0 * log_p)),
    ("elbo", "no variance", with_half),
    ("elbo", "no KL", lambda x, w, sigma, m, s: -0.5 * ((x - w * m) ** 2 + w**2 * s**2) / sigma**2 - np.log(sigma)),
    ("reparameterise", "variance for deviation", lambda mu, logvar, e: mu + logvar.exp() * e),
    ("reparameterise", "no gradient at all", lambda mu, logvar, e: (mu + (0.5 * logvar).exp() * e).detach()),
    ("reparameterise", "no gradient by logvar", lambda mu, logvar, e: mu + (0.5 * logvar).exp().detach() * e),
    ("best_discriminator", "a ratio", lambda p, q: np.minimum(p / q, 0.999)),
    ("best_discriminator", "reversed", lambda p, q: q / (p + q)),
    ("best_discriminator", "undecided", lambda p, q: 0 * p + 0.5),
    ("log_density", "no slope", lambda x, f, slope: -0.5 * f(x) ** 2 - 0.5 * np.log(2 * np.pi)),
    ("log_density", "sign of the slope", lambda x, f, slope: solution("08")(x, f, lambda x: 1 / slope(x))),
    ("log_density", "no absolute value", lambda x, f, slope: -0.5 * f(x) ** 2 - 0.919 + np.log(slope(x))),
    ("score", "without noise", clean_score),
    ("score", "sign", lambda x, means, s, sigma: -solution("09")(x, means, s, sigma)),
    ("captured", "one sample is enough", reached),
    ("captured", "a share of the good ones", of_the_good),
    ("guided", "w for 1 + w", lambda c, u, w: w * c + (1 - w) * u),
    ("kernel_distance", "the diagonal counts", with_itself),
    ("kernel_distance", "one average between them", lambda x, y: solution("12")(x, y) + mean_kernel(x, y)),
    ("guided", "unconditional first", lambda c, u, w: (1 + w) * u - w * c),
]


@pytest.mark.parametrize(("name", "wrong"), [(n, f) for n, _, f in WRONG], ids=[f"{n}: {what}" for n, what, _ in WRONG])
def test_a_law_rejects_a_wrong_answer(name, wrong, laws):
    with np.errstate(all="ignore"), pytest.raises(AssertionError):
        getattr(laws, f"check_{name}")(wrong)


def test_every_blank_has_wrong_answers():
    assert {name for name, _, _ in WRONG} == set(BLANKS.values())


def test_the_table_names_every_page():
    table = (EXAMPLES / "README.md").read_text()
    assert all(f"[{path.stem}.py]({path.name})" in table for path in PATH)
    assert all((EXAMPLES / link).exists() for link in re.findall(r"\]\(([^):#]+)\)", table))
