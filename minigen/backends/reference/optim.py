"""Updates of flat parameter buffers, in place; every array is 1-D, contiguous and of one dtype.

Moments hold no subnormal numbers: a moment that decays below the smallest normal becomes 0, since arithmetic on
subnormals can be a hundred times slower.
"""

import numpy as np

from ...errors import ShapeError


def adam_step(param, grad, exp_avg, exp_avg_sq, step, lr, beta1, beta2, eps, l2, decay):
    """One step of Adam on `param` (N,), with its moments `exp_avg` m and `exp_avg_sq` v; `step` t counts from 1.

    g ← grad + l2·param;  param ← param − lr·decay·param;  m ← m + (1−β₁)(g − m);  v ← β₂v + (1−β₂)g²;
    param ← param − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + eps). `decay` > 0 with `l2` = 0 is AdamW.

    Adam: A Method for Stochastic Optimization, D. Kingma and J. Ba, 2015, https://arxiv.org/abs/1412.6980;
    Decoupled Weight Decay Regularization, I. Loshchilov and F. Hutter, 2019, https://arxiv.org/abs/1711.05101.
    """
    require_one_shape(param, grad, exp_avg, exp_avg_sq)
    g = grad + l2 * param
    param *= 1 - lr * decay
    exp_avg += (1 - beta1) * (g - exp_avg)
    exp_avg_sq *= beta2
    exp_avg_sq += (1 - beta2) * g * g
    _flush_subnormals(exp_avg)
    _flush_subnormals(exp_avg_sq)
    denominator = np.sqrt(exp_avg_sq) / np.sqrt(1 - beta2**step) + eps
    param -= lr / (1 - beta1**step) * exp_avg / denominator


def sgd_step(param, grad, velocity, lr, momentum, dampening, l2, nesterov, first):
    """One step of gradient descent on `param` (N,); `velocity` (N,) may be None where `momentum` is 0.

    g ← grad + l2·param;  velocity ← g at the `first` step, then momentum·velocity + (1 − dampening)·g;
    param ← param − lr·velocity, or with `nesterov` param − lr·(g + momentum·velocity).

    On the importance of initialization and momentum in deep learning, I. Sutskever et al., 2013,
    https://proceedings.mlr.press/v28/sutskever13.html
    """
    require_one_shape(param, grad, *(() if momentum == 0 else (velocity,)))
    g = grad + l2 * param
    if momentum == 0:
        param -= lr * g
        return
    velocity[...] = g if first else momentum * velocity + (1 - dampening) * g
    _flush_subnormals(velocity)
    param -= lr * (g + momentum * velocity if nesterov else velocity)


def squared_norm(x):
    """Σ x² as a Python float, accumulated in float64 in an order that does not depend on the number of threads."""
    return float(np.sum(np.square(x, dtype=np.float64)))


def scale_(x, factor):
    """x ← factor · x."""
    np.multiply(x, factor, out=x)


def clamp_(x, limit):
    """x ← min(max(x, −limit), limit); NaN stays NaN."""
    np.clip(x, -limit, limit, out=x)


def lerp_(average, x, weight):
    """average ← average + weight · (x − average), the step of an exponential moving average."""
    require_one_shape(average, x)
    average += weight * (x - average)


def require_one_shape(*arrays):
    """Raise ShapeError unless the buffers of an update are of one shape; nothing is broadcast."""
    if any(x.shape != arrays[0].shape for x in arrays):
        raise ShapeError(
            f"got buffers of shapes {', '.join(str(x.shape) for x in arrays)} to update together: pass all of one shape"
        )


def all_finite(x):
    """Whether no element of x is NaN or infinite."""
    return bool(np.isfinite(x).all())


def _flush_subnormals(x):
    x[np.abs(x) < np.finfo(x.dtype).tiny] = 0
