"""``python -m benchmarks workloads`` and ``python -m benchmarks follow``."""

import importlib.util
import json
from dataclasses import dataclass
from typing import Annotated

import tyro
from tyro.conf import arg, subcommand

from .race import RESULTS, machine, race, table


def _write(name, result):
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n")
    print(f"written to {path.relative_to(RESULTS.parent.parent)}")


@dataclass(frozen=True)
class Workloads:
    """Time the reference workloads beside PyTorch and JAX, interleaved."""

    quick: bool = False
    """Fewer rounds; the result is printed and not written."""

    def run(self):
        """Check that the losses agree, then time."""
        if importlib.util.find_spec("torch"):
            from .follow import agree

            agree()
            print("vae: the losses of minigen and PyTorch agree to 1e-5 on the same weights and noise")
        result = race("vae", rounds=3 if self.quick else 12, steps=40 if self.quick else 100)
        print(table(result))
        if not self.quick:
            _write("vae", result)


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


Command = Annotated[Workloads, subcommand("workloads")] | Annotated[Follow, subcommand("follow")]

if __name__ == "__main__":
    tyro.cli(Command, prog="python -m benchmarks").run()
