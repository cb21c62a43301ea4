"""Random ops. The noise is an argument: a stream whose numbers depend on its key alone."""

from ...errors import UserError
from ..random import Stream


def dropout(x, p=0.5, training=True, *, rng=None):
    """Zero each value with probability p and multiply the others by 1/(1 − p), so that the mean stays.

    Args:
        x: any shape (...), to the same.
        p: probability in [0, 1].
        training: False returns x as it is.
        rng: a `minigen.Stream`; the same stream drops the same values. Needed when training with p > 0.
    Source: Dropout. Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """
    if not 0 <= p <= 1:
        raise UserError(f"dropout's p is {p}; it must lie in [0, 1]")
    if not training or p == 0:
        return x
    if not isinstance(rng, Stream):
        raise UserError(
            f"dropout got rng={rng!r}; it needs rng=minigen.Stream(seed) when training: randomness is an argument here"
        )
    return drop(x, p, rng.uniform(x.shape))


def drop(x, p, noise):
    """`dropout` of x (...) with p > 0 by uniform numbers of its shape, an array: what is below p is dropped."""
    if p == 1:
        return x * 0.0
    kept = (x.wrap(noise) >= p).to(x.dtype)  # a product is many times as fast as `where` by random conditions
    return x * (kept * (1.0 / (1.0 - p)))
