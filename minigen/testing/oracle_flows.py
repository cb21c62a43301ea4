"""The functions of flows in torch, which has none of them: made of its own, for `oracle`."""

import numpy as np
import torch
from torch.nn import functional as TF


def rational_quadratic_spline(x, parameters, bound):
    """See `minigen.functional.rational_quadratic_spline`."""
    bins = (parameters.shape[-1] + 1) // 3
    shares = torch.softmax(parameters[..., : 2 * bins].unflatten(-1, (2, bins)), -1)
    edges = TF.pad(torch.cumsum(2 * bound * (1e-3 + (1 - 1e-3 * bins) * shares), -1), (1, 0)) - bound
    unit = np.log(np.expm1(1 - 1e-3))
    slopes = TF.pad(1e-3 + TF.softplus(parameters[..., 2 * bins :] + unit), (1, 1), value=1.0)
    knots = torch.cat((edges, slopes.unsqueeze(-2)), -2)
    inside = (x >= -bound) & (x < bound)
    place = (x.detach().unsqueeze(-1) >= edges[..., 0, 1:-1]).sum(-1)[..., None, None].expand(*x.shape, 3, 1)
    before, after = (torch.gather(knots, -1, place + i).squeeze(-1) for i in (0, 1))
    (x0, y0, d0), (x1, y1, d1) = before.unbind(-1), after.unbind(-1)
    s, t = (y1 - y0) / (x1 - x0), (x.clamp(-bound, bound) - x0) / (x1 - x0)
    below = s + (d0 + d1 - 2 * s) * t * (1 - t)
    y = y0 + (y1 - y0) * (s * t**2 + d0 * t * (1 - t)) / below
    slope = (s / below) ** 2 * (d1 * t**2 + 2 * s * t * (1 - t) + d0 * (1 - t) ** 2)
    return torch.where(inside, y, x), torch.where(inside, torch.log(slope), torch.zeros_like(x))


def affine_coupling(x, parameters, start):
    """See `minigen.functional.affine_coupling`."""
    s, t = parameters.chunk(2, dim=1)
    before, changed, after = x[:, :start], x[:, start : start + s.shape[1]], x[:, start + s.shape[1] :]
    s = torch.tanh(s)
    return torch.cat((before, changed * torch.exp(s) + t, after), dim=1), s.sum(1)
