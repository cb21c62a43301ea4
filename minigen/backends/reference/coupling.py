"""Affine couplings of points: C of the D columns of x are scaled and shifted, the others stay."""

import numpy as np


def affine_coupling(x, parameters, start):
    """y = x e^s + t in columns ``start`` … start + C − 1, y = x in the others; s = tanh s₀ and log_det = Σ_c s.

    x (N, D) and parameters (N, 2 C), all s₀ before all t, give y (N, D) and log_det (N,).
    """
    raw, shift = np.split(parameters, 2, axis=1)
    scale, y = np.tanh(raw), np.array(x, order="C")
    changed = y[:, start : start + raw.shape[1]]
    changed[...] = changed * np.exp(scale) + shift
    return y, scale.sum(axis=1)


def affine_coupling_grad(g, g_log_det, x, parameters, start):
    """The gradients of x and of the parameters, given those of y (N, D) and log_det (N,).

    ∂x = g e^s (changed columns) or g (the others);  ∂t = g;  ∂s₀ = (g x e^s + g_log_det)(1 − s²).
    """
    columns = slice(start, start + parameters.shape[1] // 2)
    scale = np.tanh(np.split(parameters, 2, axis=1)[0])
    by_x, by_shift = np.array(g, order="C"), g[:, columns]
    by_x[:, columns] = by_shift * np.exp(scale)
    by_scale = (by_x[:, columns] * x[:, columns] + g_log_det[:, None]) * (1 - scale * scale)
    return by_x, np.concatenate((by_scale, by_shift), axis=1)
