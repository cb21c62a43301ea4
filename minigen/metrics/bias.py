"""How a measure changes with the number of samples alone: its bias.

Reference: Effectively Unbiased FID and Inception Score and Where to Find Them. Chong, Forsyth, 2020,
https://arxiv.org/abs/1911.07023
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import UserError
from .score import Score


def bias_curve(
    measure: Callable[[np.ndarray, np.ndarray], Score],
    x: np.ndarray,
    y: np.ndarray,
    sizes: Sequence[int],
    rng: np.random.Generator,
    repeats: int = 10,
) -> list[np.ndarray]:
    """``measure`` of n rows of x against n rows of y, drawn without replacement anew each time: values (R_n,) by size.

    ``repeats`` draws at the largest size; at the smaller ones more, so that each size sees as many rows.

    Raises:
        UserError: a size is larger than x or y.
    """
    if max(sizes) > min(len(x), len(y)):
        raise UserError(f"got {len(x)} and {len(y)} data; the sizes may be that at most, and one is {max(sizes)}")

    def once(n):
        return measure(*(set_[rng.permutation(len(set_))[:n]] for set_ in (x, y))).value

    return [np.array([once(n) for _ in range(repeats * max(sizes) // n)]) for n in sizes]
