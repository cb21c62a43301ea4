"""The third derivative of every op: what is made of ops can be differentiated again, without end."""

import numpy as np
import pytest

import minigen
from minigen.testing import CASES, Draw
from minigen.testing.law import Law, Point, breach, derivative, derivative_values, outputs, tensors, weights


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.differentiable])
def test_third_derivatives_agree_with_differences(name):
    """⟨vᵀ J, u⟩ = ⟨v, J u⟩ for the map (x, v, w) ↦ wᵀ J of the gradient (x, v) ↦ vᵀ J."""
    case, rng, seen = CASES[name], np.random.default_rng(3), 0
    for seed in range(8):
        sample = case.draw(Draw(np.random.default_rng(seed)))
        if not 0 < sum(x.size for x in sample.inputs) <= 60:
            continue

        def f(*xs, options=sample.options):
            return case.op(*xs, **options)

        with minigen.backend("reference"):
            xs = list(sample.inputs)
            once = [*xs, *weights(rng, [y.shape for y in outputs(f(*tensors(xs)))])]
            twice = [*once, *weights(rng, [x.shape for x in xs])]
            gradient = derivative(f, len(xs))
            law = Law(derivative(gradient, len(once)), derivative_values(gradient, len(once)), 1e-5, "difference")
            directions, seeds = (weights(rng, [x.shape for x in some]) for some in (twice, once))
            assert breach(law, Point(twice, directions, seeds)) is None, sample
        seen += 1
    assert seen
