"""The run folder: everything that a training leaves behind.

config.json                     what was asked for
metrics.jsonl                   one line of numbers for each report
samples/00001000.png            what the model drew after that many steps
curves.png                      the numbers as curves
checkpoints/last.safetensors    to go on from, or to sample
checkpoints/best.safetensors    the lowest validation loss
"""

import json
from pathlib import Path

from ..errors import CheckpointError, UserError
from ..files import write_bytes


class RunFolder:
    """The paths of one run, and the writing of its small files."""

    def __init__(self, path):
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.metrics = self.path / "metrics.jsonl"
        self.curves = self.path / "curves.png"
        self.samples = self.path / "samples"
        self.last = self.path / "checkpoints" / "last.safetensors"
        self.best = self.path / "checkpoints" / "best.safetensors"

    def prepare(self, config, resume):
        """Create the folder and write ``config``; with ``resume`` go on in a folder that is there.

        Returns:
            Whether there is a checkpoint to go on from.
        Raises:
            UserError: the folder is not empty and ``resume`` is off, or it cannot be written.
            CheckpointError: the folder holds a run with another model or other data.
        """
        if self.path.exists() and not self.path.is_dir():
            raise UserError(f"{self.path} is a file; the output must be a folder")
        if not resume and self.path.exists() and any(self.path.iterdir()):
            raise UserError(
                f"{self.path} is not empty; choose another output folder, or continue that run with --resume"
            )
        try:
            self.last.parent.mkdir(parents=True, exist_ok=True)
            self.samples.mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot create the output folder {self.path}: {error.strerror or error}") from error
        continues = resume and self.last.exists()
        if continues:
            self._compare(config)
        write_bytes(self.config, json.dumps(config, indent=2, sort_keys=True).encode() + b"\n")
        return continues

    def _compare(self, config):
        before = self.read_config()
        for part in ("family", "model", "data"):
            old, new = before.get(part), json.loads(json.dumps(config.get(part)))
            if old != new:
                keys = (
                    [k for k in new if old.get(k) != new[k]] if isinstance(new, dict) and isinstance(old, dict) else []
                )
                what = (
                    ", ".join(f"{k} {old.get(k)!r} there, {new[k]!r} now" for k in keys)
                    or f"{old!r} there, {new!r} now"
                )
                raise CheckpointError(
                    f"{self.path} holds a run with another {part} ({what}); resume with the same options"
                )

    def read_config(self):
        """The configuration that the run was started with.

        Raises:
            CheckpointError: there is none, or it cannot be read.
        """
        try:
            return json.loads(self.config.read_text())
        except FileNotFoundError:
            raise CheckpointError(f"{self.path} is no run folder: it has no config.json") from None
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{self.config} cannot be read: {error}") from error

    def history(self):
        """All lines of metrics.jsonl that are whole, as dicts."""
        if not self.metrics.exists():
            return []
        lines = []
        for line in self.metrics.read_text().splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                break  # the write that an interrupt cut short
        return lines

    def write_history(self, history):
        """Replace metrics.jsonl by ``history``, a list of dicts."""
        write_bytes(self.metrics, "".join(json.dumps(line) + "\n" for line in history).encode())

    def sample_path(self, step):
        """Where the samples after ``step`` steps go."""
        return self.samples / f"{step:08d}.png"
