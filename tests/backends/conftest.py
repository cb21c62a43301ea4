"""What the tests of kernels share: one array in every layout that a view can have."""

import numpy as np
import pytest

LAYOUTS = ("contiguous", "reversed", "strided", "transposed", "broadcast")


@pytest.fixture(scope="session")
def draw_array():
    """A function (shape, seed, dtype, layout) -> normal numbers; "broadcast" repeats one slice with stride 0."""

    def draw(shape, seed, dtype=np.float64, layout="contiguous"):
        rng = np.random.default_rng(seed)
        if layout == "reversed":
            return rng.normal(size=shape).astype(dtype)[..., ::-1]
        if layout == "strided":
            return rng.normal(size=(*shape[:-1], 2 * shape[-1])).astype(dtype)[..., ::2]
        if layout == "transposed":
            return rng.normal(size=shape[::-1]).astype(dtype).T
        if layout == "broadcast":
            return np.broadcast_to(rng.normal(size=shape[-1:]).astype(dtype), shape)
        return rng.normal(size=shape).astype(dtype)

    return draw
