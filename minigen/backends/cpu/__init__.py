"""The cpu backend: the hot kernels again, in Numba, under the reference's names; the rest the reference serves."""

from . import freshness, memory  # noqa: F401  freshness first: kernels are given their place as they are imported
from .activated import normalize_leaky_relu, normalize_leaky_relu_grad, normalize_silu, normalize_silu_grad
from .conv import conv2d, conv2d_input_grad
from .conv_grad import conv2d_weight_grad
from .coupling import affine_coupling, affine_coupling_grad
from .elementwise import bce_with_logits, relu, relu_grad, sigmoid, silu, silu_grad, softplus, tanh_grad
from .gaussian import gaussian_bottleneck, gaussian_bottleneck_grad
from .gemm import linear, linear_weight_grad, matmul
from .loss import bernoulli_log_prob, bernoulli_log_prob_grad
from .mlp import multilayer_perceptron, multilayer_perceptron_grad
from .norm import standardize, standardize_grad
from .optim import adam_step, lerp_, sgd_step, squared_norm
from .pool import avg_pool2d, avg_pool2d_adjoint, max_pool2d, pool_gather, pool_scatter
from .random import philox_bits, philox_normal, philox_uniform
from .rectified import leaky_relu, leaky_relu_grad
from .reduce import softmax, softmax_grad
from .shape import concatenate, cut
from .spline import rational_quadratic_spline, rational_quadratic_spline_grad
from .sums import add, sum

__all__ = [
    "adam_step", "add", "affine_coupling", "affine_coupling_grad", "avg_pool2d", "avg_pool2d_adjoint",
    "bce_with_logits", "bernoulli_log_prob", "bernoulli_log_prob_grad", "concatenate", "conv2d",
    "conv2d_input_grad", "conv2d_weight_grad", "cut", "gaussian_bottleneck", "gaussian_bottleneck_grad", "leaky_relu",
    "leaky_relu_grad", "lerp_", "linear", "linear_weight_grad", "matmul", "max_pool2d", "multilayer_perceptron",
    "multilayer_perceptron_grad", "normalize_leaky_relu", "normalize_leaky_relu_grad", "normalize_silu",
    "normalize_silu_grad", "philox_bits", "philox_normal", "philox_uniform", "pool_gather", "pool_scatter",
    "rational_quadratic_spline", "rational_quadratic_spline_grad", "relu", "relu_grad", "sgd_step", "sigmoid", "silu",
    "silu_grad", "softmax", "softmax_grad", "softplus", "squared_norm", "standardize", "standardize_grad", "sum",
    "tanh_grad",
]  # fmt: skip

memory.keep_memory()
