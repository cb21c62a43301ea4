"""Streams: numbers that depend on (seed, name, step, index) and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigen
from minigen import Stream
from minigen.errors import DTypeError, UserError

seeds = st.integers(0, 2**63 - 1)


@given(seeds, st.integers(0, 1000))
def test_the_same_stream_gives_the_same_numbers(seed, step):
    for draw in ("normal", "uniform"):
        a, b = (getattr(Stream(seed, "noise", step), draw)((3, 5)) for _ in range(2))
        np.testing.assert_array_equal(a, b)


@given(seeds, st.integers(0, 50), st.sampled_from([np.float32, np.float64]))
def test_a_part_is_the_part_of_the_whole(seed, start, dtype):
    stream = Stream(seed, "part")
    for draw in (stream.normal, stream.uniform):
        np.testing.assert_array_equal(draw((7,), dtype, start), draw((start + 7,), dtype)[start:])


@given(seeds)
def test_other_names_steps_and_seeds_give_other_numbers(seed):
    root = Stream(seed)
    streams = [root, root.child("a"), root.child("b"), root.child("a").child("a"), root.at(1), root.child("a").at(1)]
    draws = {stream.uniform((8,)).tobytes() for stream in streams}
    assert len(draws) == len(streams)
    assert root.child("a").at(3) == root.at(3).child("a")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments(dtype):
    n = 200_000
    u, z = (getattr(Stream(3), draw)((n,), dtype).astype(np.float64) for draw in ("uniform", "normal"))
    assert u.min() >= 0
    assert u.max() < 1
    for values, mean, var in ((u, 0.5, 1 / 12), (z, 0.0, 1.0), (z**3, 0.0, 15.0)):
        assert abs(values.mean() - mean) < 5 * np.sqrt(var / n)
    assert abs(z.var() - 1) < 5 * np.sqrt(2 / n)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("draw", ["normal", "uniform"])
def test_every_backend_gives_the_same_bits(draw, dtype):
    pytest.importorskip("numba", reason="the cpu backend needs Numba")
    found = []
    for name in ("reference", "cpu"):
        with minigen.backend(name):
            found.append(getattr(Stream(11, "bits", 5), draw)((1001,), dtype, start=3))
    np.testing.assert_array_equal(*found)


def test_generators_are_for_small_draws_on_the_host():
    a, b, c = Stream(1, "x").generator(), Stream(1, "x").generator(), Stream(1, "x", 1).generator()
    first = a.permutation(10).tolist()
    assert first == b.permutation(10).tolist()
    assert first != c.permutation(10).tolist()


@pytest.mark.parametrize("options", [{"seed": -1}, {"seed": 2**63}, {"seed": 1.5}, {"seed": 0, "step": -1}])
def test_bad_seeds_are_refused(options):
    with pytest.raises(UserError, match=r"must be an integer in \[0, 2\*\*63\)"):
        Stream(**options)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.float16, bool, np.complex128])
def test_other_dtypes_are_refused(dtype):
    for draw in (Stream(0).normal, Stream(0).uniform):
        with pytest.raises(DTypeError, match=f"got the dtype {np.dtype(dtype)}, wanted float32 or float64"):
            draw((4096,), dtype)


@pytest.mark.parametrize("shape", [(-1,), (2, -3), -1, (2.5,), 2.0, "ab", (2, None), None])
def test_bad_shapes_are_refused(shape):
    with pytest.raises(UserError, match="wanted integers of at least 0"):
        Stream(0).normal(shape)


@pytest.mark.parametrize("start", [-1, 0.5, None])
def test_bad_starts_are_refused(start):
    with pytest.raises(UserError, match="wanted an integer of at least 0"):
        Stream(0).uniform((4,), start=start)


@pytest.mark.parametrize("shape", [(), 5, [2, 3], np.array([2, 3]), (np.int64(2), 0), (0,)])
def test_shapes_are_taken_as_numpy_takes_them(shape):
    assert Stream(0).normal(shape).shape == np.zeros(shape).shape


@given(seeds, st.lists(st.text("a/~01", max_size=4), max_size=3), st.lists(st.text("a/~01", max_size=4), max_size=3))
def test_names_are_not_ambiguous(seed, first, second):
    a, b = Stream(seed), Stream(seed)
    for name in first:
        a = a.child(name)
    for name in second:
        b = b.child(name)
    assert (a.key == b.key) == (first == second)


def test_a_slash_in_a_name_is_no_grandchild():
    assert Stream(0).child("a").child("b").key != Stream(0).child("a/b").key
    assert Stream(0).child("a~1b").key != Stream(0).child("a/b").key


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_and_uniform_of_one_stream_are_independent(dtype):
    """Made of the same bits, the radius would fall as the uniform number grows: a correlation of −0.9 or so."""
    n = 100_000
    z, u = (getattr(Stream(3), draw)((n,), dtype).astype(np.float64) for draw in ("normal", "uniform"))
    radius = np.repeat(np.hypot(z[0::2], z[1::2]), 2)
    angle = np.repeat(np.arctan2(z[1::2], z[0::2]), 2)
    for f in (z, abs(z), radius, angle, np.cos(angle)):
        for v in (u[0::2], u[1::2]):
            assert abs(np.corrcoef(f[0::2], v)[0, 1]) < 5 / np.sqrt(n / 2)
