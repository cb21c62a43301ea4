"""A bijector that lies is caught: about its inverse, its log-determinant or a gradient; the fault is named."""

import math

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from minigen import Parameter, nn, tensor
from minigen import functional as F
from minigen.models.networks import MLPConditioner
from minigen.probability import bijectors as b
from minigen.testing import BijectorError, GradientError, check_bijector
from minigen.testing.strategies import arrays, shapes

X = np.random.default_rng(0).normal(size=(3, 4))


def rng():
    return np.random.default_rng(0)


class Scale(b.Bijector):
    """y = x e^s for each of D features, right."""

    def __init__(self, features=4):
        self.log_scale = Parameter(np.linspace(0.1, 0.7, features))

    def forward(self, x, context=None):
        return x * F.exp(self.log_scale), self.log_det(x)

    def inverse(self, y, context=None):
        return y * F.exp(-self.log_scale), -self.log_det(y)

    def log_det(self, x):
        return self.log_scale.sum().expand(x.shape[0])


def changed(**methods):
    return type("Changed", (Scale,), methods)()


LIES = [
    ({"log_det": lambda self, x: -Scale.log_det(self, x)}, "log_det", "the sign"),
    ({"log_det": lambda self, x: Scale.log_det(self, x) / 4}, "log_det", "a constant factor: every one is 0.25 times"),
    ({"log_det": lambda self, x: Scale.log_det(self, x) * 0.0}, "log_det", "it is 0 everywhere"),
    ({"log_det": lambda self, x: Scale.log_det(self, x) * 3}, "log_det", "a constant factor: every one is 3 times"),
    ({"log_det": lambda self, x: Scale.log_det(self, x) + x.sum(1)}, "log_det", "no simple pattern"),
    ({"log_det": lambda self, x: self.log_scale.sum()}, "shape", "one number for each datum"),
    ({"inverse": lambda self, y, c=None: (Scale.inverse(self, y)[0], self.log_det(y))}, "inverse log_det", "the sign"),
    ({"inverse": lambda self, y, c=None: (y * 1.5, -self.log_det(y))}, "inverse", "no simple pattern"),
    ({"inverse": lambda self, y, c=None: (-Scale.inverse(self, y)[0], -self.log_det(y))}, "inverse", "the sign"),
    (
        {"inverse": lambda self, y, c=None: (Scale.inverse(self, y)[0] + 0.1, -self.log_det(y))},
        "inverse",
        r"a constant term: every one is \+0.1 off",
    ),
    (
        {"inverse": lambda self, y, c=None: (Scale.inverse(self, y)[0] * tensor(np.array([1, 1, 1, 2.0])), None)},
        "inverse",
        "a constant factor: every one is 2 times",
    ),
    ({"inverse": lambda self, y, c=None: (y[:, :3], -self.log_det(y))}, "inverse", r"has shape \(3, 3\)"),
    ({"forward": lambda self, x, c=None: (x[:, :3], self.log_det(x))}, "shape", "values were dropped"),
]  # fmt: skip


@pytest.mark.parametrize(("methods", "law", "fault"), LIES)
def test_a_lie_is_caught_and_named(methods, law, fault):
    with pytest.raises(BijectorError, match=fault) as caught:
        check_bijector(changed(**methods), X)
    error = caught.value
    assert error.law == law
    assert "Changed" in str(error)
    if error.datum is not None:
        assert f"datum {error.datum}" in str(error)
        assert f"got {error.got:.10g}" in str(error)


def test_what_is_not_invertible_is_told():
    class Flat(Scale):
        def forward(self, x, context=None):
            self.x = x
            return x * tensor(np.array([1.0, 1.0, 1.0, 0.0])), self.log_det(x)

        def inverse(self, y, context=None):
            return self.x, -self.log_det(y)

    with pytest.raises(BijectorError, match="its Jacobian is singular"):
        check_bijector(Flat(), X)


def test_a_datum_that_depends_on_its_neighbours_is_told():
    class Mixed(Scale):
        def log_det(self, x):
            return Scale.log_det(self, x) + (x.shape[0] - 1)

    with pytest.raises(BijectorError, match=r"log_det of Mixed is wrong"):
        check_bijector(Mixed(), X)


def test_a_wrong_gradient_is_told_by_the_weights_name():
    right = changed(log_det=lambda self, x: self.log_scale.detach().sum().expand(x.shape[0]))
    with pytest.raises(GradientError, match=r"input 1 \(parameter log_scale\)") as caught:
        check_bijector(right, X)
    assert "output 1 log_det" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("bijector", "x", "context"),
    [
        (Scale(), X.astype(np.float32), None),
        (b.Logit(0.05), np.random.default_rng(0).uniform(size=(2, 4)), None),
        (b.Squeeze(), np.random.default_rng(0).normal(size=(2, 2, 2, 1)), None),
        (
            b.AffineCoupling(b.Halves(4), MLPConditioner((2, 5, 4), 3, rng=rng())),
            X,
            np.random.default_rng(1).normal(size=(3, 3)),
        ),
        (
            b.Chain(
                b.ActNorm(4),
                b.SplineCoupling(b.Halves(4), MLPConditioner((2, 5, 2 * b.parameters_of(3)), rng=rng()), 3, 2.0),
                b.InvertibleConv1x1(4, rng=rng()),
            ),
            X,
            None,
        ),
    ],
    ids=["own", "logit", "squeeze", "context", "chain"],
)
def test_right_ones_pass(bijector, x, context):
    generator = rng()
    for parameter in bijector.parameters():  # off the identity, where many a law holds by chance
        parameter.copy_(parameter.numpy() + 0.3 * generator.normal(size=parameter.shape))
    check_bijector(bijector, x, context, order=2, directions=1, layouts=())
    check_bijector(bijector, x[:1], None if context is None else context[:1], directions=1)


def test_a_lie_shrinks_to_the_smallest_case():
    class Lie(b.Bijector):
        def forward(self, x, context=None):
            return x * 2.0, tensor(np.full(x.shape[0], math.log(2.0)))

        def inverse(self, y, context=None):
            return y * 0.5, tensor(np.full(y.shape[0], -math.log(2.0)))

    shapes_seen = []

    @settings(database=None, phases=(Phase.generate, Phase.shrink), max_examples=50)
    @given(arrays(shapes(2, 2, least=1), dtype=np.float64, layout="contiguous"))
    def test_lie(x):
        shapes_seen.append(x.shape)
        check_bijector(Lie(), x)

    with pytest.raises(BijectorError, match=r"expected 1\.386294361 .*got 0\.6931471806"):
        test_lie()
    assert shapes_seen[-1] == (1, 2)  # one feature has the right log_det


def test_any_module_with_an_inverse_will_do():
    class Shift(nn.Module):
        def forward(self, x):
            return x + 1.0, x.sum(1) * 0.0

        def inverse(self, y):
            return y - 1.0, y.sum(1) * 0.0

    check_bijector(Shift(), X)
