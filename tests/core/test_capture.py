"""A captured step is the eager one, bit for bit; what cannot be repeated is refused, never repeated wrongly."""

import weakref
from types import SimpleNamespace

import numpy as np
import pytest

import minigen
from minigen import Stream, capture, nn, optim
from minigen import functional as F
from minigen.core.autograd import Op
from minigen.core.ops.reduce import MeanGrad
from minigen.core.parameter import Parameter
from minigen.errors import GraphError, MinigenError, NonFiniteError, UserError
from minigen.models import VAE, DataSpec, VAEConfig
from minigen.models.flow import Flow, FlowConfig

POINTS = np.random.default_rng(0).normal(size=(5, 7, 2)).astype(np.float32)


@pytest.fixture(params=["reference", "cpu"])
def on_backend(request):
    if request.param == "cpu":
        pytest.importorskip("numba", reason="the cpu backend needs Numba")
    with minigen.backend(request.param):
        yield


def make_flow(dtype, coupling="affine"):
    flow = Flow(FlowConfig(coupling=coupling, layers=2, hidden=(8, 8)), DataSpec((2,)), rng=np.random.default_rng(0))
    return flow.to(dtype), lambda x, rng: flow(SimpleNamespace(x=x, labels=None), rng)["loss"], POINTS


def make_spline_flow(dtype):
    return make_flow(dtype, "spline")


def make_vae(dtype):
    vae = VAE(VAEConfig(latent=3, hidden=(8,)), DataSpec((4, 4, 1), 2), rng=np.random.default_rng(0)).to(dtype)
    images = np.random.default_rng(0).integers(0, 2, (5, 6, 4, 4, 1)).astype(dtype)
    return vae, lambda x, rng: vae.elbo(x, rng)["loss"], images


def make_step(make, dtype):
    """A training step with all that may stand in one, its batches, and what it trains."""
    model, loss_of, batches = make(dtype)
    optimizer = optim.Adam(model.parameters(), lr=optim.Cosine(0.01, 10))
    average = optim.EMA(model.parameters())

    def step(x, rng):
        optimizer.zero_grad()
        loss = loss_of(x, rng)
        loss.backward()
        optim.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        average.update()
        return {"loss": loss, "twice": (loss * 2.0,)}

    return step, batches, lambda: [*model.state_dict().values(), *average.state_dict().values()]


@pytest.mark.parametrize("make", [make_flow, make_spline_flow, make_vae])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_captured_step_is_the_eager_one(make, dtype, on_backend):
    eager, batches, expected = make_step(make, dtype)
    step, _, got = make_step(make, dtype)
    step = capture(step)
    for i, x in enumerate(batches):
        theirs, ours = eager(minigen.tensor(x), Stream(1).at(i)), step(x, Stream(1).at(i))
        assert ours["loss"].op is None and ours["loss"].dtype == dtype
        assert ours["loss"].item() == theirs["loss"].item() and ours["twice"][0].item() == theirs["twice"][0].item()
        for a, b in zip(got(), expected(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_it_repeats_and_does_not_call():
    calls = []

    @capture
    def double(x):
        calls.append(x.shape)
        return x + x

    for i in range(4):
        np.testing.assert_array_equal(double(np.full(3, float(i))).numpy(), np.full(3, 2.0 * i))
    assert len(calls) == 2


def leaf(values):
    return minigen.tensor(np.array(values), requires_grad=True)


COMPUTED = {
    "where, whose condition an op computes": lambda x, w: F.where(x > w.detach(), x * w, w),
    "views": lambda x, w: (x.reshape(2, 2)[0] * w[:2]).flip(0),
    "several outputs": lambda x, w: F.cat(list((x * w).split(1, 0))[::-1], 0),
    "integers": lambda x, w: (x > 0).sum().to("float64") * w,
    "another dtype": lambda x, w: x.to("float32").to("float64") * w,
    "constants": lambda x, w: x * minigen.tensor(np.arange(4.0)) * w + 3.0,
    "a gradient of a gradient": lambda x, w: minigen.grad((x * w * w).sum(), [w], create_graph=True)[0] * w,
    "no axes": lambda x, w: x.sum() * w.mean() + x.amax(),
}


@pytest.mark.parametrize("f", COMPUTED.values(), ids=COMPUTED.keys())
def test_whatever_ops_compute_is_repeated(f, on_backend):
    w, v = leaf([0.5, -1.0, 2.0, 1.5]), leaf([0.5, -1.0, 2.0, 1.5])

    @capture
    def captured(x):
        y = f(x, w)
        y.sum().backward()
        return y

    for i in range(4):
        x = np.random.default_rng(i).normal(size=4)
        y = f(minigen.tensor(x), v)
        y.sum().backward()
        np.testing.assert_array_equal(captured(x).numpy(), y.numpy())
        np.testing.assert_array_equal(w.grad.numpy(), v.grad.numpy())


def test_what_depends_on_constants_alone_is_computed_once(monkeypatch):
    """So is the gradient of a mean in its terms: in the two calls that are taken down, and once more."""
    calls, forward = [], MeanGrad.forward
    monkeypatch.setattr(MeanGrad, "forward", lambda op, g: (calls.append(g), forward(op, g))[1])
    w = leaf([0.5, -1.0, 2.0, 1.5])

    @capture
    def captured(x):
        (x * w).mean().backward()

    for i in range(6):
        captured(np.full(4, float(i)))
    assert len(calls) == 3
    np.testing.assert_array_equal(w.grad.numpy(), np.full(4, sum(range(6)) / 4))


def test_constant_gradients_in_flat_buffers_are_written_anew():
    """Clipping changes them where they stand, so that they are no constants, whatever they depend on."""

    def make():
        layer = nn.Linear(3, 2, rng=np.random.default_rng(0))
        optimizer = optim.SGD(layer.parameters(), lr=0.1)

        def step(x):
            optimizer.zero_grad()
            loss = layer(minigen.tensor(np.ones((4, 3), np.float32))).sum() + x.sum()
            loss.backward()
            optim.clip_grad_norm_(layer.parameters(), 0.1)
            optimizer.step()

        return step, layer

    (eager, theirs), (step, ours) = make(), make()
    captured = capture(step)
    for x in POINTS:
        eager(minigen.tensor(x)), captured(x)
        np.testing.assert_array_equal(ours.weight.numpy(), theirs.weight.numpy())


def ones():
    return minigen.tensor(np.ones(2))


@pytest.mark.parametrize("f", [lambda: ones() + 1.0, lambda: (ones() + 1.0).reshape(2, 1)])
def test_constant_results_belong_to_who_gets_them(f):
    captured, expected = capture(lambda x: f()), f().numpy()
    for _ in range(4):
        result = captured(POINTS[0])
        np.testing.assert_array_equal(result.numpy(), expected)
        result.zero_()


def norm_of_the_gradient(w, x):
    (x * w).sum().backward()
    return (w.grad * w.grad).sum().sqrt()


def detached(w, x):
    (x * w.detach().exp() * w).sum().backward()
    return w.detach().exp()


LASTING = {
    "a gradient": norm_of_the_gradient,
    "a detached parameter": detached,
    "a part of one": lambda w, x: w.detach()[1:] * x[1:],
    "and nothing else": lambda w, x: (w.detach() * 2.0).sum(),
}


@pytest.mark.parametrize("f", LASTING.values(), ids=LASTING.keys())
def test_what_lasts_for_longer_than_a_call_is_read_anew(f):
    """An array in the same memory in both calls is none that they made: others write to it."""

    def make():
        w = Parameter(np.array([0.5, -1.0, 2.0, 1.5]))
        optimizer = optim.SGD([w], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            found = f(w, x)
            optimizer.step()
            return found

        return step, w

    (eager, theirs), (step, ours) = make(), make()
    captured = capture(step)
    for i in range(6):
        x = np.random.default_rng(i).normal(size=4)
        np.testing.assert_array_equal(captured(x).numpy(), eager(minigen.tensor(x)).numpy())
        for w in (ours, theirs):
            w.copy_(0.5 * w.numpy() + i)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


class Remembering(Op):
    """y = x, and a gradient that is x too, as the op remembers it."""

    def forward(self, x):
        self.kept = x
        return x.copy()

    def backward(self, g):
        return Recalling.apply(g, of=self)


class Recalling(Op):
    differentiable = False

    def forward(self, g):
        return g * self.of.kept


def test_an_op_that_goes_back_is_no_function_of_its_inputs():
    w = leaf([0.5, -1.0])

    @capture
    def captured(x):
        w_x = w * x
        Remembering.apply(w_x).sum().backward()

    expected = np.zeros(2)
    for i in range(5):
        captured(np.full(2, float(i)))
        expected += i * (w.numpy() * i)
    np.testing.assert_allclose(w.grad.numpy(), expected)


def test_one_array_twice_is_two_arguments():
    captured, a, b = capture(lambda x, y: x + 2.0 * y), np.array([3.0]), np.array([4.0])
    captured(a, a), captured(a, a)
    np.testing.assert_array_equal(captured(a, b).numpy(), [11.0])
    np.testing.assert_array_equal(captured(b, a).numpy(), [10.0])


def test_a_result_that_changed_between_the_calls_is_refused():
    captured = capture(lambda x: minigen.tensor(np.full(2, next(numbers))))
    numbers = iter([1.0, 2.0])
    captured(POINTS[0])
    with pytest.raises(GraphError, match="the result got an array"):
        captured(POINTS[0])


def test_what_constants_are_made_of_is_not_kept():
    arrays, numbers = [], np.ones(1000)

    @capture
    def captured(x):
        between = minigen.tensor(numbers) + 1.0
        arrays.append(weakref.ref(between._array))
        return (between + 1.0).sum() + x.sum()

    for _ in range(3):
        assert captured(np.zeros(2)).item() == 3000.0
    assert not any(array() is not None for array in arrays)
    held = [value for value in captured._repetition._start if isinstance(value, np.ndarray)]
    assert sum(value.size for value in held) == 1


def test_running_statistics_follow(on_backend):
    """And gradients of tensors that the step itself made are not added up from call to call."""
    theirs, ours = nn.BatchNorm(2), nn.BatchNorm(2)
    inside, gradients = [], []

    @capture
    def captured(x):
        inside.append((x * 1.0).detach().requires_grad_())
        y = ours(inside[-1])
        y.square().sum().backward()
        return y

    for x in POINTS:
        np.testing.assert_array_equal(captured(x).numpy(), theirs(minigen.tensor(x)).numpy())
        np.testing.assert_array_equal(ours.running_mean.numpy(), theirs.running_mean.numpy())
        np.testing.assert_array_equal(ours.running_var.numpy(), theirs.running_var.numpy())
        gradients.append(inside[-1].grad.numpy().copy())
    assert len(inside) == 2 and len(gradients) > 3
    np.testing.assert_array_equal(gradients[1], gradients[-1])


def test_parameters_are_read_where_they_are_now():
    layer, x = nn.Linear(2, 2, rng=np.random.default_rng(0)), POINTS[0]
    captured = capture(layer)
    captured(x), captured(x)
    layer.weight.zero_()
    np.testing.assert_array_equal(captured(x).numpy(), np.tile(layer.bias.numpy(), (7, 1)))


def change():
    w = minigen.tensor(np.ones(2, np.float32))
    return lambda x: x + w.zero_()


def forget():
    w = minigen.tensor(np.ones(2, np.float32), requires_grad=True)
    return lambda x: setattr(w, "grad", None)


def count():
    calls = []
    return lambda x: x * float(len(calls) or calls.append(1) or 7.0)


def count_arrays():
    calls = []
    return lambda x: x * minigen.tensor(np.full((), len(calls) or calls.append(1) or 7.0, np.float32))


def alternate():
    calls = []
    return lambda x: x.exp() if calls else calls.append(1) or x.tanh()


REFUSED = {
    "item": (lambda: lambda x: x * x.sum().item(), "the values of a tensor were read"),
    "a branch on values": (lambda: lambda x: x if (x > 0).sum() > 1 else -x, "the values of a tensor were read"),
    "positions that an op found": (lambda: lambda x: x[:, 0][x[:, 0].argmax(0, keepdim=True)], "positions"),
    "numpy": (lambda: lambda x: x * x.numpy(), "the values of a tensor were read"),
    "a change in place": (change, "a tensor was changed in place"),
    "a gradient that is set": (forget, "the gradient of a tensor was set"),
    "a number that changes": (count, "Mul got the number 1.0 that was another"),
    "an array that changes": (count_arrays, r"Mul got an array \(\) that was another"),
    "another branch": (alternate, "Exp stands where Tanh"),
    "an array of no op": (lambda: lambda x: x * np.ones(2, np.float32), "neither an argument nor made by an op"),
    "no tensor": (lambda: lambda x: x.shape[0], "it returned a int"),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_repeated_is_refused(make, message):
    captured = capture(make())
    with pytest.raises(GraphError, match=f"cannot be captured: .*{message}"):
        captured(POINTS[0]), captured(POINTS[0])
    assert (minigen.tensor([1.0]) * 2.0).item() == 2.0  # nothing is taken down any more


@pytest.mark.parametrize("use", [lambda rng: rng.at(3), lambda rng: rng.child("a").generator()])
def test_streams_are_only_drawn_from(use):
    with pytest.raises(GraphError, match="a Stream was"):
        capture(lambda rng: use(rng))(Stream(0))


def test_other_arguments_are_refused():
    captured = capture(lambda x, rng: x + rng.normal(x.shape, x.dtype))
    for wrong in (3, leaf([1.0]), [1.0]):
        with pytest.raises(UserError, match="its arguments are arrays, tensors without gradient, and Streams"):
            captured(wrong, Stream(0))
    captured(POINTS[0], Stream(0)), captured(POINTS[0], Stream(0).at(1))
    wrong = (POINTS[0][:3], Stream(0)), (POINTS[0].astype(float), Stream(0)), (POINTS[0],), (Stream(0), POINTS[0])
    for args in wrong:
        with pytest.raises(UserError, match="a captured function got"):
            captured(*args)


def test_anomaly_looks_at_a_captured_function_too():
    captured = capture(lambda x: x.log())
    for _ in range(3):
        captured(np.ones(2))
    with minigen.anomaly(), pytest.raises(NonFiniteError, match="Log of"):
        captured(np.zeros(2))


def test_an_error_inside_ends_the_capture():
    with pytest.raises(MinigenError):
        capture(lambda x: x @ x)(POINTS[0])
    assert minigen.tensor([1.0]).item() == 1.0


def test_dropout_drops_anew_in_each_call(on_backend):
    captured = capture(lambda x, rng: F.dropout(x, 0.5, rng=rng))
    for i in range(4):
        x, rng = np.random.default_rng(i).normal(size=40), Stream(0).at(i)
        np.testing.assert_array_equal(captured(x, rng).numpy(), F.dropout(minigen.tensor(x), 0.5, rng=rng).numpy())


@pytest.mark.parametrize(
    "pick",
    [F.embedding, lambda i, w: F.index_select(w, 0, i), lambda i, w: F.take_along_dim(w, i.reshape(-1, 1), 0),
     lambda i, w: F.take_along_dim(w, i.reshape(-1, 1))],
    ids=["embedding", "index_select", "broadcast", "flat"],
)  # fmt: skip
def test_positions_that_are_an_argument_are_refused(pick):
    """Even where two calls happen to have the same: a third may not."""
    weight = leaf(np.arange(12.0).reshape(4, 3))
    captured = capture(lambda index: pick(index, weight))
    with pytest.raises(GraphError, match="positions that are not the same in each call"):
        captured(np.array([1, 2, 1]))


def test_what_is_taken_down_keeps_no_array_alive():
    """Or the first steps of a large network would hold all that it computes, forward and backward, twice."""
    weight, living = minigen.tensor(np.ones((3, 4)), requires_grad=True), []

    @capture
    def step(x):
        hidden = (x @ weight).tanh()
        living.append(weakref.ref(hidden._array))
        loss = (hidden * hidden.exp()).mean()
        (gradient,) = minigen.grad(loss, weight)
        return loss, gradient

    first, second, repeated = (step(np.ones((5, 3))) for _ in range(3))
    assert len(living) == 2 and all(array() is None for array in living)
    for part, other, last in zip(first, second, repeated, strict=True):
        np.testing.assert_array_equal(part.numpy(), other.numpy())
        np.testing.assert_array_equal(part.numpy(), last.numpy())
