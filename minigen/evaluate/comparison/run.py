"""The comparison itself: who runs when, what is kept, and what comes out.

    OUT/plan.json               what was asked for
    OUT/judge.safetensors       the feature network, trained before any model and frozen
    OUT/pilots.json             what each family's kernels took to compile, while the judge learned, and operations
    OUT/entrants/FAMILY-SEED…   a run folder each, and its result beside it as .json
    OUT/results.json            everything, with its schema
    OUT/table.md, comparison.png, index.html

Each part is written when it is done, so that an interrupted comparison continues where it was.
"""

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from ... import data
from ...errors import UserError
from ...files import write_bytes
from ...machine import machine
from ...viz.comparison import save_comparison
from .entrant import compile_kernels, enter, step_seconds
from .extra import extra_measurements
from .judge import Judge
from .plan import ENTRANTS
from .sentences import NOTES, verdicts
from .table import markdown, rows_of

SCHEMA = {
    "command": "what was typed",
    "plan": "what was compared, see Plan",
    "data": "source and splits of the data",
    "machine": "processor, cores, versions",
    "judge": "the feature networks: accuracy on the test split, SHA-256 of their weights",
    "pilots": "family -> operations of a step, seconds of compilation; for equal operations also seconds of a step",
    "entrants": "one for each family, seed and trial: status, configuration, seconds, likelihood, scores with their "
    "standard error, floor (real against real) and noise at equal n, quality against time, traits",
    "table": "family -> column -> mean, standard error over seeds, each, kind of a likelihood, best",
    "sentences": "sentence, metric, rule, found, verdict",
    "extra": "numbers that belong to no family",
}
"""What the keys of results.json hold."""


class Comparison:
    """A plan and the folder that it is carried out in; `run` does what is not yet done.

    Args:
        plan: a `Plan`.
        out: folder; one that holds the same plan is continued.
        say: called with a line of text when something is done.
    Raises:
        UserError: the folder holds another plan, or something else.
    """

    def __init__(self, plan, out, say=print):
        self.plan, self.out, self.say = plan, Path(out), say
        asked = json.loads(json.dumps(plan.as_dict()))
        path = self.out / "plan.json"
        if path.exists():
            if json.loads(path.read_text()) != asked:
                raise UserError(f"{self.out} holds a comparison with another plan; choose another --out")
        elif self.out.exists() and any(self.out.iterdir()):
            raise UserError(f"{self.out} is not empty and holds no comparison; choose another --out")
        else:
            (self.out / "entrants").mkdir(parents=True, exist_ok=True)
            write_bytes(path, as_json(asked))
        self.judge_file = self.out / "judge.safetensors"

    def run(self, command=None):
        """Train, measure and write everything; returns the results, with the ``command`` that asked for them."""
        costs = self._kept("pilots", self._prepare)
        steps = equal_steps(self.plan, costs)
        entrants = []
        for family in sorted(self.plan.entrants, key=ENTRANTS.index):
            entrants += self._family(family, steps.get(family), costs[family])
        extra = self._kept("extra", lambda: self._in_process(extra_measurements, self.plan))
        return self._finish(costs, entrants, extra, command)

    def _prepare(self):
        """The judge learns while the families' kernels are compiled: what each family costs."""
        calls = [(compile_kernels, self.plan)]
        if not self.judge_file.exists():
            calls.append((Judge.train_and_save, self.plan.data, self.judge_file))
        costs, *facts = self._at_once(*calls)
        for found in facts:
            self.say(f"judge: {found}")
        if self.plan.equal == "flops":  # nothing else may run while steps are timed
            for family, seconds in self._in_process(step_seconds, self.plan).items():
                costs[family]["seconds"] = seconds
        return costs

    def _family(self, family, steps, costs):
        """All entrants of a family: trials with the first seed, of which validation chooses one for all seeds."""
        trials = [self._entrant(family, 0, trial, steps, costs) for trial in range(self.plan.trials)]
        chosen = min(trials, key=_final_kid)
        rest = [self._entrant(family, seed, chosen["trial"], steps, costs) for seed in range(1, self.plan.seeds)]
        return [chosen, *rest]

    def _entrant(self, family, seed, trial, steps, costs):
        name = f"{family}-{seed}" + (f"-trial{trial}" if trial else "")
        folder = self.out / "entrants" / name
        result = self._kept(
            f"entrants/{name}",
            lambda: self._in_process(enter, self.plan, family, seed, trial, steps, folder, self.judge_file),
        )
        if result["status"] == "ok":
            batch = result["train"]["batch_size"]
            result["gflop_per_step"] = costs["operations"] / 1e9
            result["gflop_per_datum"] = costs["operations"] / 1e9 / batch
            result["sampling_per_1000"] = 1000 * result["seconds"]["sample"] / result["samples"]
        spent = f"{result['seconds']['train']:.0f} s of training" if result["status"] == "ok" else result["status"]
        self.say(f"{name}: {spent}")
        return result

    def _kept(self, name, make):
        """What OUT/name.json holds, made and written first if it is not there."""
        path = self.out / f"{name}.json"
        if path.exists():
            return json.loads(path.read_text())
        result = json.loads(json.dumps(make()))
        write_bytes(path, as_json(result))
        return result

    def _in_process(self, function, *args):
        """The answer of a call in a process of its own: its memory and its threads end with it."""
        return self._at_once((function, *args))[0]

    def _at_once(self, *calls):
        """The answers of calls (function, *args), each in a process of its own, at the same time."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(len(calls), context, max_tasks_per_child=1) as pool:
            return [answer.result() for answer in [pool.submit(*call) for call in calls]]

    def _finish(self, costs, entrants, extra, command):
        rows = rows_of([e for e in entrants if e["status"] == "ok"])
        judge, dataset = Judge.load(self.judge_file), data.load(**self.plan.data)
        results = {
            "schema": SCHEMA, "command": command, "plan": self.plan.as_dict(), "data": dataset.provenance,
            "machine": machine(), "judge": judge.facts, "pilots": costs, "entrants": entrants, "extra": extra,
            "table": {f: {title: vars(c) for title, c in row.items()} for f, row in rows.items()},
            "sentences": [verdict.as_dict() for verdict in verdicts(entrants, extra)], "notes": NOTES,
        }  # fmt: skip
        write_bytes(self.out / "results.json", as_json(results))
        write_bytes(self.out / "table.md", (markdown(rows) + "\n").encode() if rows else b"")
        self._draw(dataset, results)
        return results

    def _draw(self, dataset, results):
        shown = {}
        for entrant in results["entrants"]:
            if entrant["status"] == "ok" and entrant["family"] not in shown:
                path = self.out / "entrants" / f"{entrant['family']}-{entrant['seed']}.samples.npy"
                shown[entrant["family"]] = np.load(path)
        real = dataset.test.x[:64] / ((dataset.levels - 1) if dataset.levels else 1)
        if shown:
            save_comparison(
                {"data": real, **shown}, results["entrants"], self.out / "comparison.png", dataset.kind
            )  # fmt: skip


def equal_steps(plan, costs):
    """{family: steps} where all get as many operations as the one that does the fewest in the budget; {} by seconds."""
    if plan.equal == "seconds":
        return {}
    done = {family: cost["operations"] * plan.budget / cost["seconds"] for family, cost in costs.items()}
    least = min(done.values())
    return {family: max(1, round(least / cost["operations"])) for family, cost in costs.items()}


def _final_kid(entrant):
    """The KID on validation data at the end of a trial; a failed one is worse than all."""
    return entrant["quality"][-1]["kid"] if entrant["status"] == "ok" and entrant["quality"] else float("inf")


def as_json(value):
    """As a file's bytes."""
    return json.dumps(_finite(value), indent=1).encode() + b"\n"


def _finite(value):
    """The same without NaN and infinity, which JSON does not know: None."""
    if isinstance(value, dict):
        return {str(name): _finite(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
