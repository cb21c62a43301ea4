"""Philox noise, bit for bit that of `reference.random`: no fastmath, and the same constants.

for block b:  four words ← Philox(key; b, step)
              four float32 elements, or two float64 elements ← the words

Every helper is forced inline and the output is one-dimensional, so that the compiler takes eight blocks at a time.
"""

from math import sqrt

import numpy as np
from numba import njit, prange

from ..reference import random as reference
from .buffers import deliver, target_for
from .threads import run

CHUNK = 1024  # blocks
RATE = 2e8  # blocks per second on one thread
EXACT = {"error_model": "numpy", "cache": True}  # neither contraction nor reassociation: the bits are promised

U32, LOW32 = np.uint64(32), np.uint64(reference.LOW32)
MULTIPLIER0, MULTIPLIER1 = (np.uint64(m) for m in reference.MULTIPLIERS)
KEY_STEP0, KEY_STEP1 = (np.uint64(k) for k in reference.KEY_STEPS)
LOG_4, SIN_4, COS_4 = (tuple(np.float32(c) for c in t[4]) for t in (reference.LOG, reference.SIN, reference.COS))
LOG_8, SIN_8, COS_8 = (t[8] for t in (reference.LOG, reference.SIN, reference.COS))
LN2_4, LN2_8 = np.float32(np.log(2)), float(np.log(2))
HALF_ROOT_4, HALF_ROOT_8 = np.float32(0.5**0.5).view(np.int32), np.float64(0.5**0.5).view(np.int64)
EIGHT, ELEVEN, TWO = np.uint64(8), np.uint64(11), np.uint64(2)
HALF_4, ONE_4, MINUS_TWO_4 = np.float32(0.5), np.float32(1), np.float32(-2)
WORD_4, WORD_8, UNIT_4 = np.float32(2.0**-32), 2.0**-53, np.float32(2.0**-24)
QUARTER_4, QUARTER_8 = 1 << 30, 1 << 60  # a quarter turn
RADIANS_4, RADIANS_8 = np.float32(np.pi / 2 / QUARTER_4), np.pi / 2 / QUARTER_8


@njit(forceinline=True, **EXACT)
def _two_rounds(c0, c1, c2, c3, k0, k1):
    p0, p1 = c0 * MULTIPLIER0, c2 * MULTIPLIER1
    c0, c1, c2, c3 = (p1 >> U32) ^ c1 ^ k0, p1 & LOW32, (p0 >> U32) ^ c3 ^ k1, p0 & LOW32
    k0, k1 = (k0 + KEY_STEP0) & LOW32, (k1 + KEY_STEP1) & LOW32
    p0, p1 = c0 * MULTIPLIER0, c2 * MULTIPLIER1
    c0, c1, c2, c3 = (p1 >> U32) ^ c1 ^ k0, p1 & LOW32, (p0 >> U32) ^ c3 ^ k1, p0 & LOW32
    return c0, c1, c2, c3, (k0 + KEY_STEP0) & LOW32, (k1 + KEY_STEP1) & LOW32


@njit(forceinline=True, **EXACT)
def _block(key, step, block):
    """The four 32-bit words of a block, in uint64; ten rounds without a loop, since a loop in a loop stays scalar."""
    state = block & LOW32, block >> U32, step & LOW32, step >> U32, key & LOW32, key >> U32
    state = _two_rounds(*_two_rounds(*_two_rounds(*_two_rounds(*_two_rounds(*state)))))
    return state[0], state[1], state[2], state[3]


@njit(forceinline=True, **EXACT)
def _unit_4(word):
    return np.float32(np.int64(word >> EIGHT)) * UNIT_4


@njit(forceinline=True, **EXACT)
def _unit_8(word):
    return np.float64(np.int64(word >> ELEVEN)) * WORD_8


@njit(forceinline=True, **EXACT)
def _polynomial(coefficients, x):
    total = coefficients[0]
    for c in coefficients[1:]:
        total = total * x + c
    return total


@njit(forceinline=True, **EXACT)
def _log(m, e, one, coefficients, ln2):
    """log(2ᵉ·m), √½ ≤ m < √2."""
    s = (m - one) / (m + one)
    s2 = s * s
    tail = s2 * _polynomial(coefficients, s2)
    return e * ln2 + (s * tail + (s + s))


@njit(forceinline=True, **EXACT)
def _cos_sin(quadrant, x, cos_coefficients, sin_coefficients):
    """Cosine and sine of x plus `quadrant` quarter turns."""
    x2 = x * x
    cos, sin = _polynomial(cos_coefficients, x2), x * _polynomial(sin_coefficients, x2)
    odd = quadrant & 1 == 1
    cos, sin = sin if odd else cos, cos if odd else sin
    cos = -cos if (quadrant == 1) | (quadrant == 2) else cos
    return cos, -sin if quadrant >= 2 else sin


@njit(forceinline=True, **EXACT)
def _pair_4(word, turn):
    """Two normals from two 32-bit words."""
    u = (np.float32(np.int64(word)) + HALF_4) * WORD_4
    bits = np.int32(np.float32(u).view(np.int32) - HALF_ROOT_4)
    m = np.int32((bits & np.int32(0x7FFFFF)) + HALF_ROOT_4).view(np.float32)
    radius = np.float32(sqrt(MINUS_TWO_4 * _log(m, np.float32(bits >> 23), ONE_4, LOG_4, LN2_4)))
    shifted = np.int64(turn) + QUARTER_4 // 2
    x = np.float32((shifted & (QUARTER_4 - 1)) - QUARTER_4 // 2) * RADIANS_4
    cos, sin = _cos_sin((shifted >> 30) & 3, x, COS_4, SIN_4)
    return radius * cos, radius * sin


@njit(forceinline=True, **EXACT)
def _pair_8(word, turn):
    """Two normals from two 64-bit words."""
    u = (np.float64(np.int64(word >> ELEVEN)) + 0.5) * WORD_8
    bits = np.float64(u).view(np.int64) - HALF_ROOT_8
    m = np.int64((bits & 0xFFFFFFFFFFFFF) + HALF_ROOT_8).view(np.float64)
    radius = sqrt(-2.0 * _log(m, np.float64(bits >> 52), 1.0, LOG_8, LN2_8))
    shifted = np.int64(turn >> TWO) + QUARTER_8 // 2
    x = np.float64((shifted & (QUARTER_8 - 1)) - QUARTER_8 // 2) * RADIANS_8
    cos, sin = _cos_sin((shifted >> 60) & 3, x, COS_8, SIN_8)
    return radius * cos, radius * sin


@njit(**EXACT)
def _bits(key, step, first, out, start, stop):
    out = out[4 * start : 4 * stop]
    for b in range(stop - start):
        c0, c1, c2, c3 = _block(key, step, first + np.uint64(start + b))
        out[4 * b], out[4 * b + 1], out[4 * b + 2], out[4 * b + 3] = c0, c1, c2, c3


@njit(**EXACT)
def _uniform_4(key, step, first, out, start, stop):
    out = out[4 * start : 4 * stop]
    for b in range(stop - start):
        c0, c1, c2, c3 = _block(key, step, first + np.uint64(start + b))
        out[4 * b], out[4 * b + 1], out[4 * b + 2], out[4 * b + 3] = _unit_4(c0), _unit_4(c1), _unit_4(c2), _unit_4(c3)


@njit(**EXACT)
def _uniform_8(key, step, first, out, start, stop):
    out = out[2 * start : 2 * stop]
    for b in range(stop - start):
        c0, c1, c2, c3 = _block(key, step, first + np.uint64(start + b))
        out[2 * b], out[2 * b + 1] = _unit_8(c0 | c1 << U32), _unit_8(c2 | c3 << U32)


@njit(**EXACT)
def _normal_4(key, step, first, out, start, stop):
    out = out[4 * start : 4 * stop]
    for b in range(stop - start):
        c0, c1, c2, c3 = _block(key, step, first + np.uint64(start + b))
        out[4 * b], out[4 * b + 1] = _pair_4(c0, c1)
        out[4 * b + 2], out[4 * b + 3] = _pair_4(c2, c3)


@njit(**EXACT)
def _normal_8(key, step, first, out, start, stop):
    out = out[2 * start : 2 * stop]
    for b in range(stop - start):
        c0, c1, c2, c3 = _block(key, step, first + np.uint64(start + b))
        out[2 * b], out[2 * b + 1] = _pair_8(c0 | c1 << U32, c2 | c3 << U32)


@njit(cache=True, parallel=True)
def _bits_parallel(key, step, first, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _bits(key, step, first, out, c * chunk, min(size, (c + 1) * chunk))


@njit(cache=True, parallel=True)
def _uniform_4_parallel(key, step, first, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _uniform_4(key, step, first, out, c * chunk, min(size, (c + 1) * chunk))


@njit(cache=True, parallel=True)
def _uniform_8_parallel(key, step, first, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _uniform_8(key, step, first, out, c * chunk, min(size, (c + 1) * chunk))


@njit(cache=True, parallel=True)
def _normal_4_parallel(key, step, first, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _normal_4(key, step, first, out, c * chunk, min(size, (c + 1) * chunk))


@njit(cache=True, parallel=True)
def _normal_8_parallel(key, step, first, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _normal_8(key, step, first, out, c * chunk, min(size, (c + 1) * chunk))


def philox_bits(key, step, start, count):
    """Words start … start+count−1 of the stream (key, step): uint32 (count,)."""
    return _fill(_bits, _bits_parallel, key, step, start, count, np.dtype(np.uint32), None)


def philox_uniform(key, step, start, count, dtype, out=None):
    """Elements start … start+count−1, uniform on [0, 1): (count,) of float32 or float64."""
    reference.require_floats(dtype)
    wide = np.dtype(dtype) == np.float64
    serial, parallel = (_uniform_8, _uniform_8_parallel) if wide else (_uniform_4, _uniform_4_parallel)
    return _fill(serial, parallel, key, step, start, count, np.dtype(dtype), out)


def philox_normal(key, step, start, count, dtype, out=None):
    """Elements start … start+count−1, standard normal: (count,) of float32 or float64."""
    reference.require_floats(dtype)
    wide = np.dtype(dtype) == np.float64
    serial, parallel = (_normal_8, _normal_8_parallel) if wide else (_normal_4, _normal_4_parallel)
    return _fill(serial, parallel, key, step, start, count, np.dtype(dtype), out)


def _fill(serial, parallel, key, step, start, count, dtype, out):
    """Compute the whole blocks that hold the elements; straight into the result where it begins and ends with one."""
    reference.require_range(start, count)
    per_block = 16 // dtype.itemsize
    first, skip = start // per_block, start % per_block
    blocks = (skip + count + per_block - 1) // per_block
    whole = skip == 0 and count % per_block == 0
    work = target_for(out, (count,), dtype) if whole else np.empty(blocks * per_block, dtype)
    if blocks:
        args = np.uint64(key), np.uint64(step), np.uint64(first), work
        run(serial, parallel, blocks, CHUNK, *args, per_second=RATE)
    return deliver(work if whole else work[skip : skip + count], out)
