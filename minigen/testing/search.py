"""Search for the smallest case in which an op is wrong; needs hypothesis (``pip install minigen[test]``)."""

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .proofs import check_derivatives, check_forward, check_single_precision
from .strategies import layouts, samples


def check_op(case, examples=50, order=2):
    """Prove a `minigen.testing.Case` on drawn samples: values, derivatives, layouts, both dtypes; to second order.

    What fails is made smaller as long as it fails: fewer axes, smaller sides, contiguous memory, simpler options. The
    error is that of the smallest sample, and a note to it names the sample.

    Args:
        case: a `Case`: the op, what it means in plain NumPy, and how to draw inputs of any shapes for it.
        examples: how many samples are drawn.
        order: 1 or 2, of derivatives.
    Raises:
        GradientError: a derivative is wrong.
        AssertionError: a value is, or a gradient in float32.

    Example:
        >>> import numpy as np
        >>> from minigen import functional as F
        >>> from minigen.testing import Case, Sample
        >>> check_op(Case("square", lambda x: x * x, np.square, lambda d: Sample([d.values(d.shape())])), examples=5)
    """

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(samples(case), layouts(), st.sampled_from((np.float64, np.float32)), st.integers(0, 2**32 - 1))
    def obeys_its_laws(sample, layout, dtype, seed):
        check_forward(case, sample, layout, dtype)
        check_derivatives(case, sample, order, np.random.default_rng(seed))
        check_single_precision(case, sample, np.random.default_rng(seed))

    obeys_its_laws()
