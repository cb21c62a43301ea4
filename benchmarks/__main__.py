"""``python -m benchmarks kernels``, ``workloads``, ``profile``, ``follow``, ``isa`` and ``quality``."""

import functools
import importlib.util
import json
import operator
import shlex
import sys
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro
from tyro.conf import OmitArgPrefixes, OmitSubcommandPrefixes, Positional, arg, subcommand

from minigen.errors import UserError

from . import isa
from .process import cores
from .quality import QUALITY
from .race import CONTENDERS, RESULTS, ROUNDS, machine, race, table


def _write(name, result):
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n")
    print(f"written to {path.relative_to(RESULTS.parent.parent)}")


def _command():
    return shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])


@dataclass(frozen=True)
class Workloads:
    """Time the reference workloads beside PyTorch and JAX, interleaved."""

    names: Positional[tuple[Literal["vae", "flow2d", "gan", "ddpm", "ddpm-sample"], ...]] = ()
    """Which; all of them where none is named."""
    quick: bool = False
    """Few steps; the results are printed and not written."""

    def run(self):
        """For each workload: check that the losses agree, then time."""
        for name in self.names or CONTENDERS:
            if importlib.util.find_spec("torch"):
                from .agree import agree

                agree(name)
                print(f"{name}: the losses of minigen and PyTorch agree to 1e-5 on the same weights and noise")
            rounds, steps = ROUNDS[name]
            result = race(name, 2, max(1, steps // 4)) if self.quick else race(name, rounds, steps)
            print(table(result), flush=True)
            if not self.quick:
                _write(name, result)


@dataclass(frozen=True)
class Profile:
    """Tell where the time of a workload's step goes, kernel by kernel, beside the bound of each."""

    names: Positional[tuple[Literal["vae", "flow2d", "gan", "ddpm", "ddpm-sample"], ...]] = ()
    """Which; all of them where none is named."""

    def run(self):
        """Measure, print and write."""
        from .kernels.run import limits_of
        from .profile import STEPS, profile, table

        limits = limits_of(cores())
        for name in self.names or STEPS:
            result = profile(name, limits=limits)
            print(table(result), flush=True)
            _write(f"profile_{name}", result | {"command": _command(), "machine": machine()})


@dataclass(frozen=True)
class Kernels:
    """Time matmul and conv2d on every shape of the workloads beside NumPy, PyTorch, JAX and the machine's limits."""

    quick: bool = False
    """A few small shapes; the results are printed and not written."""
    threads: int | None = None
    """Of every contender; by default all cores."""

    def run(self):
        """Time, print, draw and write."""
        from .kernels import figure, run

        if self.threads is not None and not 1 <= self.threads <= cores():
            raise UserError(f"got {self.threads} threads; wanted 1 to {cores()}, the cores that this process may use")
        result = run.run(self.quick, self.threads)
        if self.quick:
            return
        RESULTS.mkdir(exist_ok=True)
        figure.save_kernels(result, RESULTS / "kernels.png")
        _write("kernels", result | {"command": _command(), "machine": machine(), "figure": "kernels.png"})


@dataclass(frozen=True)
class Follow:
    """Train minigen's VAE and its PyTorch twin on MNIST with the same weights, batches and noise."""

    data_dir: str | None = None
    """Folder of the MNIST files."""
    steps: Annotated[int, arg(aliases=["-n"])] = 500
    """Steps whose losses are compared."""
    epochs: int = 10
    """Epochs after which the test ELBOs are compared."""

    def run(self):
        """Follow, print and write."""
        from .follow import follow

        result = follow(self.data_dir, self.steps, self.epochs) | {"machine": machine()}
        print(json.dumps(result, indent=2))
        _write("vae_follow", result)


@dataclass(frozen=True)
class Isa:
    """Time the kernels as compiled for AVX2 and for plain x86-64 beside the processor's own instructions."""

    rounds: int = 20
    """Of which the fastest counts."""

    def run(self):
        """Time, print and write."""
        result = isa.measure(self.rounds)
        print(isa.table(result))
        _write("isa", result)


def _named(name, measure):
    """``measure`` with its options, but answering with its name too."""

    @functools.wraps(measure)
    def call(*args, **options):
        return name, measure(*args, **options)

    return Annotated[tuple, subcommand(name, constructor=call)]


Measured = functools.reduce(operator.or_, (_named(name, measure) for name, measure in QUALITY.items()))


@dataclass(frozen=True)
class Quality:
    """Train or load models, and measure how good they are."""

    measured: OmitSubcommandPrefixes[OmitArgPrefixes[Measured]]
    """What to measure."""

    def run(self):
        """Print and write the result, with the command and the machine."""
        name, result = self.measured
        result = {"result": result, "command": _command(), "machine": machine()}
        print(json.dumps(result, indent=2))
        _write(f"quality_{name.replace('-', '_')}", result)


Command = (
    Annotated[Kernels, subcommand("kernels")]
    | Annotated[Workloads, subcommand("workloads")]
    | Annotated[Profile, subcommand("profile")]
    | Annotated[Follow, subcommand("follow")]
    | Annotated[Isa, subcommand("isa")]
    | Annotated[Quality, subcommand("quality")]
)

if __name__ == "__main__":
    try:
        tyro.cli(Command, prog="python -m benchmarks").run()
    except UserError as error:
        sys.exit(f"error: {error}")
