"""The laws of every bijector: inverse∘forward = id, and log_det is that of the whole Jacobian."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen import Parameter, nn, no_grad, tensor
from minigen.core.functional import cat
from minigen.errors import GraphError, UserError
from minigen.models.networks import GatedConvConditioner, MLPConditioner
from minigen.probability import bijectors as b

IMAGE, POINT = (4, 4, 2), (5,)


def shaken(module, scale=0.3):
    """The module in float64, with random weights in the place of zeros."""
    rng = np.random.default_rng(1)
    for parameter in module.to("float64").parameters():
        parameter.copy_(parameter.numpy() + rng.normal(size=parameter.shape) * scale)
    return module


def rng():
    return np.random.default_rng(0)


def coupling(kind, mask, context=0, images=False, bins=4):
    outputs = mask.changed * (2 if kind is b.AffineCoupling else b.parameters_of(bins))
    if images:
        conditioner = GatedConvConditioner((mask.kept, 6, outputs), 1, context, rng=rng())
    else:
        conditioner = MLPConditioner((mask.kept, 7, 6, outputs), context, rng=rng())
    return kind(mask, conditioner) if kind is b.AffineCoupling else kind(mask, conditioner, bins, 2.0)


@dataclass
class Case:
    """A bijector, the shape of its data, and the number of features of its context."""

    make: object
    shape: tuple = POINT
    context: int = 0


CASES = {
    "affine half": Case(lambda: coupling(b.AffineCoupling, b.Halves(5))),
    "affine half swapped": Case(lambda: coupling(b.AffineCoupling, b.Swapped(b.Halves(5)))),
    "affine context": Case(lambda: coupling(b.AffineCoupling, b.Halves(5), 3), context=3),
    "affine channels": Case(lambda: coupling(b.AffineCoupling, b.Halves(2), images=True), IMAGE),
    "affine checkerboard": Case(lambda: coupling(b.AffineCoupling, b.Checkerboard(IMAGE), images=True), IMAGE),
    "affine learned limit": Case(
        lambda: b.AffineCoupling(
            b.Halves(5), MLPConditioner((2, 4, 6), rng=rng()), Parameter(np.ones(3))
        )
    ),
    "spline half": Case(lambda: coupling(b.SplineCoupling, b.Halves(5))),
    "spline context": Case(lambda: coupling(b.SplineCoupling, b.Swapped(b.Halves(5)), 3), context=3),
    "spline channels": Case(lambda: coupling(b.SplineCoupling, b.Halves(2), 3, images=True), IMAGE, 3),
    "spline checkerboard": Case(
        lambda: coupling(b.SplineCoupling, b.Swapped(b.Checkerboard(IMAGE)), images=True), IMAGE
    ),
    "actnorm": Case(lambda: b.ActNorm(5)),
    "actnorm images": Case(lambda: b.ActNorm(2), IMAGE),
    "linear": Case(lambda: b.InvertibleConv1x1(5, rng=rng())),
    "1x1": Case(lambda: b.InvertibleConv1x1(2, rng=rng()), IMAGE),
    "squeeze": Case(b.Squeeze, IMAGE),
    "flatten": Case(lambda: b.Flatten(IMAGE), IMAGE),
    "split": Case(
        lambda: b.Split(IMAGE, b.Chain(b.InvertibleConv1x1(1, rng=rng()), b.Squeeze(), b.Flatten((2, 2, 4)))), IMAGE
    ),
    "chain": Case(
        lambda: b.Chain(b.ActNorm(5), coupling(b.SplineCoupling, b.Halves(5)), b.InvertibleConv1x1(5, rng=rng()))
    ),
    "empty chain": Case(b.Chain),
    "inverse": Case(lambda: b.Inverse(coupling(b.SplineCoupling, b.Halves(5)))),
}  # fmt: skip
UNIT = {"logit": Case(lambda: b.Logit(0.01), IMAGE), "inverse logit": Case(lambda: b.Inverse(b.Logit(0.0)), IMAGE)}


def data(case, n, seed):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, *case.shape)), tensor(draw.normal(size=(n, case.context))) if case.context else None


@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 1000))
def test_inverse_and_log_det(name, seed):
    case = CASES[name]
    bijector, (x, context) = shaken(case.make()), data(case, 3, seed)
    assert b.certify_inverse(bijector, x, context, tolerance=1e-9) < 1e-9
    if seed < 10:
        assert b.certify_log_det(bijector, x[:1], context, tolerance=1e-9) < 1e-9


@pytest.mark.parametrize("name", CASES)
def test_float32_and_shapes(name):
    case = CASES[name]
    bijector, (x, context) = shaken(case.make(), 0.1).to("float32"), data(case, 4, 0)
    x = tensor(x.astype(np.float32))
    context = None if context is None else context.to("float32")
    tolerance = 1e-3 if "spline" in name or name in ("chain", "inverse") else 1e-5
    b.certify_inverse(bijector, x.numpy(), context, tolerance)
    with no_grad():
        y, log_det = bijector(x, context)
    assert (y.shape[0], y.numel(), log_det.shape, y.dtype) == (4, x.numel(), (4,), np.float32)
    assert log_det.dtype == np.float32


@pytest.mark.parametrize("name", UNIT)
@given(seed=st.integers(0, 1000))
def test_the_logit(name, seed):
    x = np.random.default_rng(seed).uniform(0, 1, (2, *IMAGE))
    bijector = UNIT[name].make()
    assert b.certify_inverse(bijector, x, tolerance=1e-9) < 1e-9
    assert b.certify_log_det(bijector, x[:1, :2], tolerance=1e-9) < 1e-9


def test_the_logit_is_finite_at_both_ends():
    y, log_det = b.Logit(1e-6)(tensor(np.array([[0.0, 1.0]], np.float32)))
    assert np.isfinite(y.numpy()).all()
    assert np.isfinite(log_det.numpy()).all()


@pytest.mark.parametrize("name", CASES)
def test_path_ends_at_the_inverse_and_is_arranged_as_data(name):
    case = CASES[name]
    bijector, (x, context) = shaken(case.make()), data(case, 3, 0)
    with no_grad():
        y, _ = bijector(tensor(x), context)
        frames = bijector.path(y, context)
    np.testing.assert_allclose(frames[-1].numpy(), x, atol=1e-9)
    for frame in frames:
        assert frame.shape == x.shape
    np.testing.assert_allclose(np.sort(frames[0].numpy().ravel()), np.sort(y.numpy().ravel()), atol=1e-12)


def test_a_coupling_keeps_what_its_mask_keeps():
    x = tensor(np.random.default_rng(0).normal(size=(2, *IMAGE)))
    changed = shaken(coupling(b.AffineCoupling, b.Checkerboard(IMAGE), images=True))(x)[0].numpy() != x.numpy()
    rows, columns = np.indices(IMAGE[:2])
    assert (changed == ((rows + columns) % 2 == 1)[None, :, :, None]).all()
    kept, gone = b.Halves(5).split(tensor(np.arange(10.0).reshape(2, 5)))
    assert (kept.shape, gone.shape) == ((2, 2), (2, 3))


@pytest.mark.parametrize("shape", [(5,), IMAGE])
def test_actnorm_starts_with_mean_0_and_variance_1(shape):
    x = tensor(np.random.default_rng(0).normal(3, 7, (200, *shape)).astype(np.float32))
    norm = b.ActNorm(shape[-1])
    chain = b.Chain(b.ActNorm(shape[-1]), norm)
    chain.fit(x)
    y = chain(x)[0].numpy().reshape(-1, shape[-1])
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(0), 1, atol=1e-5)
    np.testing.assert_allclose(norm.log_scale.numpy(), 0, atol=1e-5)  # the first of the two did the work
    again = b.Chain(b.ActNorm(shape[-1]), b.ActNorm(shape[-1]))
    again.load_state_dict(chain.state_dict())
    np.testing.assert_array_equal(again(x)[0].numpy(), chain(x)[0].numpy())


@given(st.integers(1, 8), st.integers(0, 100))
def test_a_fresh_linear_map_is_a_rotation(features, seed):
    linear = b.InvertibleConv1x1(features, rng=np.random.default_rng(seed)).to("float64")
    lower, upper = (factor.numpy() for factor in linear.factors())
    weight = linear.permutation.numpy() @ lower @ upper
    np.testing.assert_allclose(weight @ weight.T, np.eye(features), atol=1e-5)


def test_a_linear_maps_inverse_refuses_a_gradient():
    linear = b.InvertibleConv1x1(3, rng=rng())
    with pytest.raises(GraphError, match="no_grad"):
        linear.inverse(tensor(np.ones((2, 3), np.float32)))


def test_gradients_reach_every_parameter():
    for name, case in CASES.items():
        bijector, (x, context) = shaken(case.make()), data(case, 3, 0)
        y, log_det = bijector.forward(tensor(x), context)
        if bijector.parameters():
            ((y * y).sum() + log_det.sum()).backward()
        for path, parameter in bijector.named_parameters():
            assert parameter.grad is not None, (name, path)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: b.Halves(1), "at least 2"),
        (lambda: b.Checkerboard((3, 4, 1)), "even sides"),
        (lambda: b.Squeeze()(tensor(np.zeros((1, 3, 4, 1)))), "even sides"),
        (lambda: b.Logit(0.5), "alpha is 0.5"),
        (lambda: b.SplineCoupling(b.Halves(2), nn.Identity(), bins=1), "at least 2 bins"),
        (lambda: b.SplineCoupling(b.Halves(2), nn.Identity(), bins=1001), "at most 500"),  # they would not fit
        (lambda: b.certify_density(np.sin, (0, 0), (0, 1)), "low < high"),
    ],
)
def test_errors_say_what_to_do(make, sentence):
    with pytest.raises(UserError, match=sentence):
        make()


class Wrong(b.Bijector):
    """A bijector with one lie in it, for each certificate."""

    def forward(self, x, context=None):
        return x * 2.0, tensor(np.full(x.shape[0], -x.shape[1] * np.log(2.0)))

    def inverse(self, y, context=None):
        return y * 0.5 + 0.1, tensor(np.full(y.shape[0], y.shape[1] * np.log(2.0)))


def test_certificates_fail_where_they_must():
    x = np.random.default_rng(0).normal(size=(3, 2))
    with pytest.raises(b.CertificateError, match=r"log_det is -1\.38629, but the Jacobian has log"):
        b.certify_log_det(Wrong(), x)
    with pytest.raises(b.CertificateError, match="differs from x"):
        b.certify_inverse(Wrong(), x)
    right = b.Inverse(coupling(b.AffineCoupling, b.Halves(2)).to("float64"))
    one_way = copy.deepcopy(right)
    one_way.inverse = lambda y, context=None: (right.inverse(y)[0], right.inverse(y)[1] + 1.0)
    with pytest.raises(b.CertificateError, match="do not cancel"):
        b.certify_inverse(one_way, x)

    def log_normal(points):
        return -0.5 * (points**2).sum(-1) - np.log(2 * np.pi)

    assert b.certify_density(log_normal, (-8, -8), (8, 8)) == pytest.approx(1, abs=1e-6)
    with pytest.raises(b.CertificateError, match=r"integrates to 1\.6"):
        b.certify_density(lambda points: log_normal(points) + 0.5, (-8, -8), (8, 8))


class Middle(b.masks.Mask):
    """Points of four numbers, of which the second and third are changed."""

    kept, changed, start = 2, 2, 1

    def split(self, x):
        return x[:, ::3], x[:, 1:3]

    def join(self, kept, changed):
        return cat((kept[:, :1], changed, kept[:, 1:]), -1)


@pytest.mark.parametrize("mask", [b.Halves(5), b.Swapped(b.Halves(5)), Middle()])
def test_the_kept_columns_are_those_of_a_split(mask):
    x = tensor(np.arange(3.0 * (mask.kept + mask.changed)).reshape(3, -1))
    np.testing.assert_array_equal(mask.kept_columns(x).numpy(), mask.split(x)[0].numpy())
    with pytest.raises(ValueError):
        b.Halves(4).kept_columns(tensor(np.ones((3, 6))))
