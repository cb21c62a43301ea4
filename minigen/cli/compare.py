"""``minigen compare``: the four families on one data set, under one evaluator, at equal cost."""

import shlex
import sys
from dataclasses import dataclass, field
from typing import Annotated, Literal

from tyro.conf import arg

from ..evaluate.comparison import Comparison, Plan, markdown_of, seconds_of
from .train import DataOptions

try:
    from ..evaluate.comparison.page import write_page
except ImportError:  # without Jinja
    write_page = None


@dataclass(frozen=True)
class Compare:
    """VAE, GAN, flow and diffusion on one data set, at equal cost, in one table."""

    data: Annotated[DataOptions, arg(name="")] = field(default_factory=DataOptions)
    budget: str = "45s"
    """Training time of each family and seed: 45s, 15m, 1.5h. Compilation, validation, sampling and evaluation are not
    counted."""
    equal: Literal["seconds", "flops"] = "seconds"
    """What all families get alike: the budget, or as many operations as the family that does the fewest in it."""
    seeds: int = 1
    """How often each family is trained."""
    trials: int = 1
    """Learning rates that each family may try; validation data choose."""
    samples: Annotated[int | None, arg(aliases=["-n"])] = None
    """Drawn of each model; by default as many as there are test data."""
    families: tuple[Literal["vae", "gan", "flow", "diffusion"], ...] = ("vae", "gan", "flow", "diffusion")
    """Who takes part."""
    threads: int | None = None
    """Threads of the cpu backend; by default all cores."""
    out: str = "runs/compare"
    """Folder of the results; one that holds the same comparison is continued."""
    debug: bool = False
    """Show the traceback of an error."""

    def run(self):
        """Compare, print the table and the verdicts, and say where the page is."""
        plan = Plan(
            self.data.options(), seconds_of(self.budget), self.equal,
            self.seeds, self.trials, self.samples, self.threads, self.families,
        )  # fmt: skip
        results = Comparison(plan, self.out).run(command=shlex.join(["minigen", *sys.argv[1:]]))
        print(markdown_of(results))
        for sentence in results["sentences"]:
            print(f"{sentence['verdict']:>17}  {sentence['sentence']}  ({sentence['found']})")
        print(f"results.json, table.md and comparison.png are in {self.out}")
        if write_page is None:
            print("no page was written: that needs Jinja (pip install jinja2)", file=sys.stderr)
        else:
            write_page(results, f"{self.out}/index.html")
            print(f"as a page: {self.out}/index.html")
