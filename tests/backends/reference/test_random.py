import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.backends.reference import random
from minigen.errors import DTypeError, UserError

ONES = 2**32 - 1
dtypes = st.sampled_from([np.float32, np.float64])


@pytest.mark.parametrize(
    "counter, key, words",
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers_of_random123(counter, key, words):
    block, step = counter[0] | counter[1] << 32, counter[2] | counter[3] << 32
    assert tuple(random.philox_bits(key[0] | key[1] << 32, step, 4 * block, 4)) == words


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(0, 40), dtypes)
def test_an_element_depends_on_its_index_alone(key, step, start, count, dtype):
    whole = random.philox_bits(key, step, start, 41)
    np.testing.assert_array_equal(random.philox_bits(key, step, start + count, 41 - count), whole[count:])
    for draw in (random.philox_uniform, random.philox_normal):
        whole = draw(key, step, start, 41, dtype)
        assert whole.dtype == dtype and whole.shape == (41,)
        np.testing.assert_array_equal(draw(key, step, start, count, dtype), whole[:count])
        np.testing.assert_array_equal(draw(key, step, start + count, 41 - count, dtype), whole[count:])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_uniform_is_uniform(dtype):
    stats = pytest.importorskip("scipy.stats")
    u = random.philox_uniform(1, 2, 0, 200_000, dtype)
    assert u.min() >= 0 and u.max() < 1
    assert stats.kstest(u.astype(np.float64), "uniform").pvalue > 0.001


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_has_the_moments_shape_and_tail_of_a_normal(dtype):
    stats = pytest.importorskip("scipy.stats")
    count = 1_000_000
    z = random.philox_normal(1, 2, 0, count, dtype).astype(np.float64)
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((z**power).mean() - moment) < 4 * (variance / count) ** 0.5
    assert stats.kstest(z[:200_000], "norm").pvalue > 0.001
    expected = 2 * count * stats.norm.sf(4)
    assert abs((abs(z) > 4).sum() - expected) < 4 * expected**0.5
    assert abs(np.corrcoef(z[0::2], z[1::2])[0, 1]) < 4 / (count / 2) ** 0.5
    assert abs(np.corrcoef(z[0::2] ** 2, z[1::2] ** 2)[0, 1]) < 4 / (count / 2) ** 0.5


def test_normal_is_box_muller_to_a_few_roundings():
    words = random.philox_bits(3, 4, 0, 200_000).astype(np.float64)
    radius = np.sqrt(-2 * np.log((words[0::2] + 0.5) / 2**32))
    angle = 2 * np.pi * words[1::2] / 2**32
    exact = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)
    z = random.philox_normal(3, 4, 0, 200_000, np.float32).reshape(-1, 2)
    # float32 rounds the word itself, so u next to 1 moves by 2⁻²⁵ and a radius near 0 by 2⁻²⁵ / radius
    error = abs(z - exact) / (radius * 2.0**-24 + 2.0**-25 / radius)[:, None]
    assert error.max() < 4


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="needs a long double of 64 bits to compare with")
def test_normal_in_float64_is_box_muller_to_a_few_roundings():
    words = random.philox_bits(3, 4, 0, 80_000).astype(np.uint64)
    words = words[0::2] | words[1::2] << np.uint64(32)
    u = ((words[0::2] >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53
    radius = np.sqrt(-2 * np.log(u.astype(np.longdouble)))
    angle = 8 * np.arctan(np.longdouble(1)) * (words[1::2].astype(np.longdouble) / np.longdouble(2**64))
    exact = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)
    z = random.philox_normal(3, 4, 0, 40_000, np.float64).reshape(-1, 2)
    assert (abs(z - exact) / (radius * 2.0**-53)[:, None]).max() < 4


@pytest.mark.parametrize("dtype, largest", [(np.float32, 6.77), (np.float64, 8.66)])
def test_extreme_words_give_finite_normals(dtype, largest, monkeypatch):
    for word in (0, ONES):
        monkeypatch.setattr(random, "philox_bits", lambda *args, word=word: np.full(args[3], word, np.uint32))
        z = random.philox_normal(0, 0, 0, 2, dtype)
        assert np.isfinite(z).all() and abs(z).max() <= largest


def test_results_are_written_to_out():
    for draw in (random.philox_uniform, random.philox_normal):
        out = np.empty(14, np.float32)[::2]
        assert draw(1, 2, 3, 7, np.float32, out=out) is out
        np.testing.assert_array_equal(out, draw(1, 2, 3, 7, np.float32))


@pytest.fixture(params=["reference", "cpu"])
def kernels(request):
    if request.param == "cpu":
        pytest.importorskip("numba")
    return importlib.import_module(f"minigen.backends.{request.param}.random")


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.complex64, np.int8, bool])
def test_other_dtypes_than_floats_are_refused(kernels, dtype):
    for draw in (kernels.philox_uniform, kernels.philox_normal):
        with pytest.raises(DTypeError, match=f"got the dtype {np.dtype(dtype)} .* wanted float32 or float64"):
            draw(1, 2, 0, 4096, dtype)


@pytest.mark.parametrize(("start", "count"), [(-1, 4), (-4, 4), (0, -4), (0.0, 4), (0, 4.0)])
def test_ranges_are_of_integers_of_at_least_0(kernels, start, count):
    calls = [lambda: kernels.philox_bits(1, 2, start, count)]
    calls += [lambda f=f: f(1, 2, start, count, np.float32) for f in (kernels.philox_uniform, kernels.philox_normal)]
    for call in calls:
        with pytest.raises(UserError, match="wanted two integers of at least 0"):
            call()


def test_an_out_of_another_size_is_refused(kernels):
    for draw in (kernels.philox_uniform, kernels.philox_normal):
        for count in (8, 9):
            with pytest.raises(ValueError):
                draw(1, 2, 0, count, np.float32, out=np.empty(4, np.float32))
