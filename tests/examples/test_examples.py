"""The examples run as they stand, in a short form, and stay short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TELLS = {  # what a reader must see, of an example that draws no picture
    "own_op": (
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
}
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_in_an_empty_folder(path, tmp_path):
    environment = {**os.environ, "MINIGEN_QUICK": "1", "PYTHONPATH": str(path.parents[1])}
    command = [sys.executable, "-W", "error", str(path)]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()  # it tells a result
    promised = [word.strip('"') for word in path.read_text().replace(",", " ").split() if word.endswith('.png"')]
    assert all((tmp_path / name).stat().st_size for name in promised)
    assert all(sentence in result.stdout for sentence in TELLS.get(path.stem, ())), result.stdout
    assert promised or path.stem in TELLS, f"{path.name} shows nothing: no picture, and no line that a test knows"


def test_the_vae_is_the_25_lines_that_the_readme_promises():
    path = next(path for path in EXAMPLES if path.name == "06_vae.py")
    assert len(path.read_text().splitlines()) <= 25
