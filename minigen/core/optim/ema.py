"""EMA: an average of the weights over the last steps, which makes better samples than the weights themselves."""

from contextlib import contextmanager

from ... import backends
from ...errors import CheckpointError, GraphError, UserError
from ..autograd.modes import repeated
from .flat import Companion, Pack


class EMA:
    """Exponential moving average of parameters θ, with warm-up and bias correction.

    d_t = min(decay, (1 + t)/(warmup + t));  a_t = Σ_s w_s θ_s with weights w_s ∝ (1 − d_s) Π_{r>s} d_r that sum
    to 1. The initial weights, which make only noise, have weight 0: after one update the average is θ itself, and a
    long decay cannot make early samples lag behind. Before the first update it is θ as it was given.

    Kept as a_t = a_{t−1} + (1 − d_t)/(1 − Π_{s≤t} d_s) · (θ_t − a_{t−1}), one pass over the flat buffers.
    Buffers (such as a batch norm's statistics) stay the module's own.

    Args:
        parameters: Parameters; they move into flat buffers if they are not in some already.
        decay: in [0, 1); the average reaches back about 1/(1 − decay) updates.
        warmup: at least 1; d_t reaches ``decay`` after about warmup/(1 − decay) updates; 1 means at once.
    Source: Adam's bias correction (Kingma, Ba, 2015, https://arxiv.org/abs/1412.6980, section 3) applied to weight
    averaging (Acceleration of Stochastic Approximation by Averaging. Polyak, Juditsky, 1992,
    https://doi.org/10.1137/0330046)
    """

    def __init__(self, parameters, decay=0.999, warmup=10):
        if not 0 <= decay < 1:
            raise UserError(f"EMA's decay is {decay!r}; it must lie in [0, 1)")
        if not warmup >= 1:
            raise UserError(f"EMA's warmup is {warmup!r}; it must be at least 1 (1: no warm-up)")
        self.decay, self.warmup = decay, warmup
        self.updates = 0
        self._product = 1.0  # Π d_s, the weight that the initial values would have
        self._pack = Pack(parameters, "EMA")
        self._spans = [span for span, _ in self._pack.stretches()]
        self._average = Companion(self._spans)
        for span in self._spans:
            self._average[span][...] = span.values
        self._applied = False

    @repeated
    def update(self):
        """Let the parameters, as they are now, into the average; call it after each ``optimizer.step()``.

        Raises:
            GraphError: inside `applied`, or a parameter was moved (by `Module.to`) since.
        """
        if self._applied:
            raise GraphError("EMA.update() inside applied(): the parameters hold the average; leave the block first")
        self._pack.verify()
        kernels = backends.current()
        decay = min(self.decay, (1 + self.updates) / (self.warmup + self.updates))
        self._product *= decay
        weight = (1 - decay) / (1 - self._product)
        for span in self._spans:
            kernels.lerp_(self._average[span], span.values, weight)
        self.updates += 1

    @contextmanager
    def applied(self):
        """Inside ``with ema.applied():`` the parameters hold the average; afterwards their own values again.

        They come back whatever happens inside, exceptions included. What is written to the parameters inside is lost.
        """
        if self._applied:
            raise GraphError("EMA.applied() inside applied(): the parameters hold the average already")
        self._pack.verify()
        own = [span.values.copy() for span in self._spans]
        self._applied = True
        try:
            self._write([self._average[span] for span in self._spans])
            yield
        finally:
            self._write(own)
            self._applied = False

    def _write(self, arrays):
        for span, array in zip(self._spans, arrays, strict=True):
            span.values[...] = array
        self._pack.changed()

    def state_dict(self):
        """Numbers and 1-D arrays by name: ``updates``, ``product``, and ``average.float32`` for each dtype."""
        averages = self._average.collect(self._pack.parameters, "average")
        return {"updates": self.updates, "product": self._product, **averages}

    def load_state_dict(self, state):
        """Go on from what `state_dict` gave.

        Raises:
            CheckpointError: something is missing or has another length.
        """
        missing = sorted({"updates", "product"} - set(state))
        if missing:
            raise CheckpointError(f"the state of EMA lacks {', '.join(missing)}; got {sorted(state)}")
        self._average.check(self._pack.parameters, "average", state)
        self._average.restore(self._pack.parameters, "average", state)
        self.updates, self._product = int(state["updates"]), float(state["product"])
