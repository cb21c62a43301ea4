"""Module: what it holds, how it saves and loads, and what it says when something is wrong."""

import copy

import numpy as np
import pytest

import minigen
from minigen import nn, optim
from minigen.errors import CheckpointError, DTypeError, GraphError, NonFiniteError, ShapeError, UserError


class Net(nn.Module):
    """Every kind of content: children, a list, a tied weight, a scalar, buffers."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.scale = minigen.Parameter(np.ones((), np.float32))
        self.body = nn.Sequential(nn.Linear(4, 3, rng=rng), nn.BatchNorm(3), nn.Tanh())
        self.blocks = nn.ModuleList([nn.Linear(3, 3, rng=rng), nn.Dropout(0.5, rng=rng)])
        self.again = self.body[0]
        self.register_buffer("count", np.array(7, np.int64))
        self.register_buffer("scratch", np.zeros(2, np.float32), persistent=False)

    def forward(self, x):
        h = self.body(x)
        for block in self.blocks:
            h = block(h)
        return h * self.scale


NAMES = ["scale", "body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "blocks.0.weight", "blocks.0.bias"]


def x_of(seed=1, n=5):
    return minigen.tensor(np.random.default_rng(seed).standard_normal((n, 4)).astype(np.float32))


def test_parameters_are_named_in_order_and_tied_ones_once():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [id(p) for p in net.parameters()] == [id(p) for _, p in net.named_parameters()]
    assert [n for n, _ in net.named_modules()] == [
        "",
        "body",
        "body.0",
        "body.1",
        "body.2",
        "blocks",
        "blocks.0",
        "blocks.1",
    ]
    assert [type(m).__name__ for m in net.children()] == ["Sequential", "ModuleList", "Linear"]
    buffers = ["count", "scratch", "body.1.running_mean", "body.1.running_var", "blocks.1.seed", "blocks.1.calls"]
    assert sorted(name for name, _ in net.named_buffers()) == sorted(buffers)


def test_state_dict_round_trip_restores_everything():
    net, other = Net(0), Net(1)
    net(x_of())
    state = net.state_dict()
    assert {"again.weight", "count", "blocks.1.calls"} <= set(state) and "scratch" not in state
    other.load_state_dict(state)
    for name, array in other.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
    np.testing.assert_array_equal(net(x_of(2)).numpy(), other(x_of(2)).numpy())


def test_state_dict_is_a_copy_and_loading_writes_in_place():
    net = Net()
    state, array = net.state_dict(), net.scale._array
    state["scale"][...] = 5
    assert net.scale.item() == 1
    version = net.scale.version[0]
    net.load_state_dict(state)
    assert net.scale._array is array and array == 5 and net.scale.version[0] > version


def test_a_state_that_does_not_fit_is_refused_whole_and_every_fault_is_named():
    net = Net()
    before, state = net.state_dict(), Net(3).state_dict()
    del state["blocks.0.bias"]
    state["extra"] = np.zeros(2)
    state["body.0.weight"] = np.zeros((4, 9), np.float32)
    state["scale"] = np.ones((), np.float64)
    with pytest.raises(CheckpointError) as caught:
        net.load_state_dict(state)
    for part in ("missing: blocks.0.bias (3,)", "unexpected: extra", "(4, 9)", "scale is float64", "to(dtype)"):
        assert part in str(caught.value)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_tied_names_must_agree():
    net = Net()
    state = net.state_dict()
    state["again.weight"] = state["again.weight"] + 1
    with pytest.raises(CheckpointError, match=r"again\.weight and body\.0\.weight are tied"):
        net.load_state_dict(state)


def test_train_and_eval_reach_every_module():
    net = Net()
    assert all(m.training for m in net.modules())
    assert net.eval() is net and not any(m.training for m in net.modules())
    assert all(m.training for m in net.train().modules())


def test_frozen_parameters_get_no_gradient():
    net = Net()
    net.body.requires_grad_(False)
    net(x_of()).sum().backward()
    assert net.body[0].weight.grad is None and net.blocks[0].weight.grad is not None
    net.zero_grad()
    assert net.blocks[0].weight.grad is None


def test_to_converts_floats_and_an_older_optimiser_refuses():
    net = Net()
    optimiser, average = optim.SGD(net.parameters(), lr=0.1), optim.EMA(net.parameters())
    assert net.to("float64") is net
    assert {str(t.dtype) for _, t in net.named_parameters()} == {"float64"}
    assert net.count.dtype == np.int64 and net.body[1].running_var.dtype == np.float64
    assert net.again.weight is net.body[0].weight
    net(x_of().to("float64")).sum().backward()
    for act in (optimiser.step, average.update):
        with pytest.raises(GraphError, match="moved to other memory"):
            act()
    optim.SGD(net.parameters(), lr=0.1).step()
    with pytest.raises(DTypeError, match="floating-point"):
        net.to("int32")


def test_attributes_need_no_constructor_of_the_base():
    class Early(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 2, rng=np.random.default_rng(0))
            super().__init__()

    assert len(Early().parameters()) == 2


@pytest.mark.parametrize("kind", [list, tuple, lambda layers: dict(enumerate(layers))])
def test_modules_in_a_plain_container_are_an_error(kind):
    net = Net()
    with pytest.raises(UserError, match="ModuleList"):
        net.layers = kind([nn.Tanh()])


def test_a_parameter_cannot_become_a_tensor_by_accident():
    net = Net()
    with pytest.raises(UserError, match=r"scale is a Parameter.*copy_"):
        net.scale = net.scale * 2
    net.scale = minigen.Parameter(np.zeros((), np.float32))
    net.scale = None
    assert "scale" not in dict(net.named_parameters())


def test_buffer_names_are_checked():
    for name in ("count", "forward", "a.b"):
        with pytest.raises(UserError, match="buffer"):
            Net().register_buffer(name, np.zeros(1))


def test_a_module_without_forward_says_so():
    with pytest.raises(UserError, match="has no forward"):
        nn.Module()(1)
    with pytest.raises(UserError, match="call its members"):
        Net().blocks(x_of())


@pytest.mark.parametrize("place, path", [("blocks", "Net.blocks.0"), ("body", "Net.body.0")])
def test_anomaly_names_the_module(place, path):
    net = Net()
    getattr(net, place)[0].weight.copy_(np.nan)
    with minigen.anomaly(), pytest.raises(NonFiniteError, match=f"in module {path}:"):
        net(x_of())


def test_a_deep_copy_is_independent_even_when_packed():
    net = Net()
    optim.SGD(net.parameters(), lr=0.1)
    twin = copy.deepcopy(net)
    optimiser = optim.SGD(twin.parameters(), lr=0.1)
    before = net.state_dict()
    twin(x_of()).sum().backward()
    optimiser.step()
    np.testing.assert_array_equal(net.blocks[0].weight.numpy(), before["blocks.0.weight"])
    assert not np.array_equal(twin.blocks[0].weight.numpy(), before["blocks.0.weight"])
    assert twin.again.weight is twin.body[0].weight


def test_repr_shows_the_tree_shapes_and_counts():
    net = Net()
    net.blocks.requires_grad_(False)
    assert repr(net) == "\n".join(
        [
            "Net()  scale scalar  34 parameters, 12 frozen, float32",
            "├─ body: Sequential()",
            "│  ├─ 0: Linear(4, 3)                           weight 4×3  bias 3                       15",
            "│  ├─ 1: BatchNorm(3, eps=1e-05, momentum=0.1)  weight 3  bias 3                          6",
            "│  └─ 2: Tanh()",
            "├─ blocks: ModuleList()",
            "│  ├─ 0: Linear(3, 3)                           weight 3×3 frozen  bias 3 frozen         12",
            "│  └─ 1: Dropout(p=0.5)",
            "└─ again: Linear(4, 3)                          weight 4×3 tied  bias 3 tied",
        ]
    )


def test_buffers_and_nested_lists_are_guarded():
    norm = nn.BatchNorm(3)
    for wrong in (np.zeros(3), minigen.tensor(np.zeros(1, np.float32))):
        with pytest.raises(UserError, match=r"running_mean is a buffer of shape \(3,\)"):
            norm.running_mean = wrong
    assert "running_mean" in norm.state_dict()
    for nested in ([[nn.Identity()]], {"a": [nn.Identity()]}):
        with pytest.raises(UserError, match="never be trained"):
            norm.hidden = nested


def test_an_error_names_the_layer_it_happened_in():
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Sequential(nn.Linear(5, 2, rng=rng)))
    with pytest.raises(ShapeError) as caught:
        net(minigen.tensor(np.zeros((4, 3), np.float32)))
    assert caught.value.__notes__ == ["  in 0 (Linear)", "  in 1 (Sequential)", "  in the module (Sequential)"]


@pytest.mark.parametrize("rng", [0, None, minigen.Stream(0)])
def test_another_kind_of_randomness_is_refused_in_words(rng):
    with pytest.raises(UserError, match="NumPy generator"):
        nn.Linear(2, 3, rng=rng)


def test_a_kernel_of_no_size_is_refused():
    for options in ({"kernel_size": 0}, {"kernel_size": 3, "stride": 0}):
        with pytest.raises(ShapeError, match="at least 1"):
            nn.Conv2d(1, 2, **options, rng=np.random.default_rng(0))
