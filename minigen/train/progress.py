"""The progress bar: kernels being compiled, then loss terms and data per second, in a terminal or in Jupyter."""

import time

from tqdm.auto import tqdm

from .. import backends


class Progress:
    """A tqdm bar over the steps of a `Trainer`; a context manager.

    Args:
        trainer: whose ``done`` steps count as done already, and whose ``total`` is None where the clock decides.
        show: False shows nothing.
    """

    refresh = 0.2  # seconds between two looks at the numbers

    def __init__(self, trainer, show):
        self.bar = tqdm(
            desc="first step", total=trainer.total, initial=trainer.done, disable=not show, unit="step",
            dynamic_ncols=True,
        )  # fmt: skip
        self.batch_size = trainer.config.batch_size
        self.rate = "images/s" if len(trainer.dataset.shape) == 3 else "points/s"
        self.last, self.steps, self.counted = time.perf_counter(), 0, 0

    def __enter__(self):
        self.announced = backends.compiling_announced(self.compiling)
        self.announced.__enter__()
        return self

    def __exit__(self, *exception):
        self.announced.__exit__(*exception)
        self.close()

    def compiling(self, kernel):
        """A ``kernel`` is being compiled: some seconds in which no step ends, once in an installation's life."""
        self.bar.set_description(f"compiling {kernel}")

    def advance(self, terms):
        """One step is done, with these ``terms``."""
        self.bar.set_description("training", refresh=False)
        self.bar.update()
        self.steps += 1
        now = time.perf_counter()
        if not self.bar.disable and now - self.last > self.refresh:
            rate = (self.steps - self.counted) * self.batch_size / (now - self.last)
            shown = {name: f"{value:.2f}" for name, value in terms.items() if not name.endswith("gradient_norm")}
            self.bar.set_postfix(**shown, **{self.rate: f"{rate:,.0f}"}, refresh=False)
            self.last, self.counted = now, self.steps

    def say(self, text):
        """Print a line above the bar."""
        self.bar.write(text)

    def close(self):
        """Leave the bar as it stands."""
        self.bar.close()
