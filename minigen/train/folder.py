"""The run folder: everything that a training leaves behind.

config.json                     what was asked for
metrics.jsonl                   one line of numbers for each report
samples/00001000.png            what the model drew after that many steps
curves.png                      the numbers as curves
health.png                      how a game of two players stands
checkpoints/last.safetensors    to go on from, or to sample
checkpoints/best.safetensors    the lowest validation loss
"""

import json
from pathlib import Path

from ..errors import CheckpointError, UserError
from ..files import write_bytes

DECISIVE = {"train": ("seed", "batch_size"), "model": (), "data": ()}
"""What the next step of a run depends on: seed and batches, and all of the model and the data."""
_WORDS = {"train": "training", "model": "model", "data": "data"}


class RunFolder:
    """The paths of one run, and the writing of its small files."""

    def __init__(self, path):
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.metrics = self.path / "metrics.jsonl"
        self.curves = self.path / "curves.png"
        self.health = self.path / "health.png"
        self.samples = self.path / "samples"
        self.last = self.path / "checkpoints" / "last.safetensors"
        self.best = self.path / "checkpoints" / "best.safetensors"

    def prepare(self, config, resume):
        """Create the folder; with ``resume`` go on in one that is there.

        Returns:
            Whether there is a checkpoint to go on from.
        Raises:
            UserError: the folder is not empty and ``resume`` is off, or it cannot be written.
            CheckpointError: the folder holds a run whose next step would be another one than that of ``config``.
        """
        try:
            if self.path.exists() and not self.path.is_dir():
                raise UserError(f"{self.path} is a file; the output must be a folder")
            if not resume and self.path.exists() and any(self.path.iterdir()):
                raise UserError(
                    f"{self.path} is not empty; choose another output folder, or continue that run with --resume"
                )
            self.last.parent.mkdir(parents=True, exist_ok=True)
            self.samples.mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot create the output folder {self.path}: {error.strerror or error}") from error
        continues = resume and self.last.exists()
        if continues:
            self._compare(config)
        return continues

    def _compare(self, config):
        before, now = self.read_config(), json.loads(json.dumps(config))
        for part, fields in DECISIVE.items():
            old, new = before[part], now[part]
            names = fields or [name for name in {**old, **new} if name != "data_dir"]
            changed = [f"{n} {old.get(n)!r} there, {new.get(n)!r} now" for n in names if old.get(n) != new.get(n)]
            if changed:
                raise CheckpointError(
                    f"{self.path} holds a run with another configuration of the {_WORDS[part]} ({', '.join(changed)});"
                    " resume with the same options"
                )

    def write_config(self, config):
        """Write what was asked for."""
        write_bytes(self.config, json.dumps(config, indent=2, sort_keys=True).encode() + b"\n")

    def read_config(self):
        """The configuration that the run was started with.

        Raises:
            CheckpointError: there is none, or it cannot be read.
        """
        try:
            config = json.loads(self.config.read_text())
        except FileNotFoundError:
            raise CheckpointError(f"{self.path} is no run folder: it has no config.json") from None
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{self.config} cannot be read: {error}") from error
        if not isinstance(config, dict) or not all(isinstance(config.get(part), dict) for part in DECISIVE):
            raise CheckpointError(f"{self.config} does not describe a run: it must state {', '.join(DECISIVE)}")
        return config

    def history(self):
        """All lines of metrics.jsonl that are whole, as dicts."""
        if not self.metrics.exists():
            return []
        lines = []
        for line in self.metrics.read_text().splitlines():
            try:
                numbers = json.loads(line)
            except ValueError:
                continue
            if isinstance(numbers, dict) and "step" in numbers:
                lines.append(numbers)
        return lines

    def write_history(self, history):
        """Replace metrics.jsonl by ``history``, a list of dicts."""
        write_bytes(self.metrics, "".join(json.dumps(line) + "\n" for line in history).encode())

    def sample_path(self, step):
        """Where the samples after ``step`` steps go."""
        return self.samples / f"{step:08d}.png"
