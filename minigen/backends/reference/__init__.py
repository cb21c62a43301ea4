"""The reference backend: what every kernel means, in the shortest correct NumPy, never optimised."""

from .activated import (  # noqa: F401
    normalize_leaky_relu,
    normalize_leaky_relu_grad,
    normalize_silu,
    normalize_silu_grad,
)
from .conv import conv2d, conv2d_input_grad, conv2d_weight_grad  # noqa: F401
from .coupling import affine_coupling, affine_coupling_grad  # noqa: F401
from .elementwise import *  # noqa: F403
from .factorisations import cholesky, inv, slogdet, solve, solve_triangular  # noqa: F401
from .gaussian import (  # noqa: F401
    gaussian_bottleneck,
    gaussian_bottleneck_grad,
    standard_normal_log_prob,
    standard_normal_log_prob_grad,
)
from .gemm import linear, linear_weight_grad, matmul  # noqa: F401
from .loss import bernoulli_log_prob, bernoulli_log_prob_grad  # noqa: F401
from .mlp import multilayer_perceptron, multilayer_perceptron_grad  # noqa: F401
from .norm import standardize, standardize_grad  # noqa: F401
from .optim import adam_step, all_finite, clamp_, lerp_, scale_, sgd_step, squared_norm  # noqa: F401
from .order import argsort, searchsorted  # noqa: F401
from .pool import avg_pool2d, avg_pool2d_adjoint, max_pool2d, pool_gather, pool_scatter  # noqa: F401
from .random import philox_bits, philox_normal, philox_uniform  # noqa: F401
from .reduce import *  # noqa: F403
from .shape import *  # noqa: F403
from .spline import rational_quadratic_spline, rational_quadratic_spline_grad  # noqa: F401
