"""Counter-based random numbers: element i is a function of (key, step, i), whatever the thread, rank or batch.

The generator is Philox4x32-10: block b of four 32-bit words is a keyed scrambling of the 128-bit counter (b, step).
A float32 element takes one word and a float64 element two, so a block holds four elements or two. Normals are made from
polynomials in a fixed order of separate multiplications and additions, never a library's log or sin, so that every
backend gives the same bits.

Parallel Random Numbers: As Easy as 1, 2, 3, J. Salmon et al., 2011, https://doi.org/10.1145/2063384.2063405;
A Note on the Generation of Random Normal Deviates, G. Box and M. Muller, 1958, https://doi.org/10.1214/aoms/1177706645
"""

from math import factorial

import numpy as np

from ...errors import DTypeError, UserError

LOW32 = 0xFFFFFFFF
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85  # the golden ratio and √3 − 1: Weyl sequences that bump the two key words
ROUNDS = 10
# Taylor coefficients, highest power first; each series is cut where the next term is below the dtype's rounding.
# log(m) = s·(2 + Σ 2/(2k+1) s²ᵏ) with s = (m−1)/(m+1), √½ ≤ m < √2;  sin(x)/x and cos(x) in x², |x| ≤ π/4
LOG = {4: tuple(2 / (2 * k + 1) for k in range(4, 0, -1)), 8: tuple(2 / (2 * k + 1) for k in range(10, 0, -1))}
SIN = {4: tuple((-1) ** k / factorial(2 * k + 1) for k in range(4, -1, -1))}
SIN[8] = tuple((-1) ** k / factorial(2 * k + 1) for k in range(8, -1, -1))
COS = {4: tuple((-1) ** k / factorial(2 * k) for k in range(5, -1, -1))}
COS[8] = tuple((-1) ** k / factorial(2 * k) for k in range(8, -1, -1))


def philox_bits(key, step, start, count):
    """Words start … start+count−1 of the stream (key, step): uint32 (count,). Word i is word i mod 4 of block i // 4.

    key and step are integers below 2⁶⁴.
    """
    require_range(start, count)
    first = start // 4
    blocks = np.uint64(first) + np.arange((start + count + 3) // 4 - first, dtype=np.uint64)
    c0, c1 = blocks & np.uint64(LOW32), blocks >> np.uint64(32)
    c2, c3 = np.full_like(c0, step & LOW32), np.full_like(c0, step >> 32)
    k0, k1 = key & LOW32, key >> 32
    for _ in range(ROUNDS):
        p0, p1 = c0 * np.uint64(MULTIPLIERS[0]), c2 * np.uint64(MULTIPLIERS[1])
        c0, c2 = (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0), (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1)
        c1, c3 = p1 & np.uint64(LOW32), p0 & np.uint64(LOW32)
        k0, k1 = (k0 + KEY_STEPS[0]) & LOW32, (k1 + KEY_STEPS[1]) & LOW32
    words = np.stack((c0, c1, c2, c3), axis=1).astype(np.uint32).ravel()
    return words[start % 4 :][:count]


def philox_uniform(key, step, start, count, dtype, out=None):
    """Elements start … start+count−1, uniform on [0, 1): (count,) of float32 (24 bits) or float64 (53 bits)."""
    require_floats(dtype)
    if np.dtype(dtype) == np.float32:
        u = (philox_bits(key, step, start, count) >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    else:
        u = (_words64(key, step, start, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return _deliver(u, out)


def philox_normal(key, step, start, count, dtype, out=None):
    """Elements start … start+count−1, standard normal: (count,) of float32 or float64.

    Elements 2j and 2j+1 are √(−2 log u) · (cos 2πv, sin 2πv), with u in (0, 1] from element 2j's bits and v from
    those of 2j+1. float64: u has 53 bits, |z| ≤ 8.66, error at most 4·2⁻⁵³ of the radius r. float32: u has 32 bits,
    |z| ≤ 6.77, error at most 4·(2⁻²⁴·r + 2⁻²⁵/r), since u next to 1 is rounded to 24 bits.
    """
    require_floats(dtype)
    require_range(start, count)
    first = start // 2 * 2
    pairs = (start + count + 1) // 2 - start // 2
    if np.dtype(dtype) == np.float32:
        words = philox_bits(key, step, first, 2 * pairs).astype(np.int64)
        u = (words[0::2].astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-32)
        log_u, (cos, sin) = _log(u, np.int32, 23), _cos_sin(words[1::2], 32, np.float32)
    else:
        words = _words64(key, step, first, 2 * pairs)
        u = ((words[0::2] >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        log_u = _log(u, np.int64, 52)
        cos, sin = _cos_sin((words[1::2] >> np.uint64(2)).astype(np.int64), 62, np.float64)
    radius = np.sqrt(u.dtype.type(-2) * log_u)
    z = np.stack((radius * cos, radius * sin), axis=1).ravel()
    return _deliver(z[start % 2 :][:count], out)


def require_range(start, count):
    """Raise UserError unless elements start … start+count−1 are numbered by integers of at least 0."""
    if not all(isinstance(n, int | np.integer) and n >= 0 for n in (start, count)):
        raise UserError(f"got {count!r} random numbers from number {start!r} on; wanted two integers of at least 0")


def require_floats(dtype):
    """Raise DTypeError unless `dtype` is float32 or float64."""
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise DTypeError(f"got the dtype {np.dtype(dtype)} for random numbers, wanted float32 or float64: cast them")


def _words64(key, step, start, count):
    """64-bit words: word i has 32-bit word 2i as its low half and 2i + 1 as its high half."""
    words = philox_bits(key, step, 2 * start, 2 * count).astype(np.uint64)
    return words[0::2] | words[1::2] << np.uint64(32)


def _polynomial(coefficients, x):
    """Horner's rule, in the dtype of x, a multiplication and an addition at a time."""
    total = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        total = total * x + x.dtype.type(c)
    return total


def _log(u, integer, mantissa_bits):
    """log u of positive normal numbers: u = 2ᵉ·m with √½ ≤ m < √2, and the series of log m."""
    float_ = u.dtype.type
    half_root = float_(0.5**0.5).view(integer)
    bits = u.view(integer) - half_root
    e = (bits >> mantissa_bits).astype(float_)
    m = ((bits & integer((1 << mantissa_bits) - 1)) + half_root).view(float_)
    s = (m - float_(1)) / (m + float_(1))
    s2 = s * s
    tail = s2 * _polynomial(LOG[u.itemsize], s2)
    return e * float_(np.log(2)) + (s * tail + (s + s))


def _cos_sin(turn, bits, float_):
    """Cosine and sine of 2π·turn/2^bits: the nearest quarter turn from the integer, exactly, and a series about it."""
    quarter = 1 << (bits - 2)
    shifted = turn + quarter // 2
    quadrant = (shifted // quarter) & 3
    x = ((shifted & (quarter - 1)) - quarter // 2).astype(float_) * float_(np.pi / 2 / quarter)
    x2 = x * x
    cos, sin = _polynomial(COS[x.itemsize], x2), x * _polynomial(SIN[x.itemsize], x2)
    cos, sin = np.where(quadrant & 1, sin, cos), np.where(quadrant & 1, cos, sin)
    negative_cos = (quadrant == 1) | (quadrant == 2)
    return np.where(negative_cos, -cos, cos), np.where(quadrant >= 2, -sin, sin)


def _deliver(result, out):
    if out is None:
        return result
    out[...] = result
    return out
