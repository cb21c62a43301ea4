"""A plan says what it cannot do; the same settings for all families but the learning rate."""

import pytest

from minigen import data
from minigen.errors import UserError
from minigen.evaluate.comparison import Plan, seconds_of
from minigen.evaluate.comparison.plan import ENTRANTS, FASTER, RATES, model_config, train_config
from minigen.evaluate.comparison.run import equal_steps
from minigen.models import FAMILIES

DATA = {"name_or_path": "digits"}


@pytest.mark.parametrize(("text", "seconds"), [("45s", 45), ("15m", 900), ("1.5h", 5400), ("90", 90), (" 2 m ", 120)])
def test_a_length_of_time_is_read(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-3s", "soon", "5 days", "nan"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(UserError, match="45s"):
        seconds_of(text)


@pytest.mark.parametrize(
    "changes",
    [{"budget": 0.0}, {"seeds": 0}, {"trials": 0}, {"trials": len(RATES) + 1}, {"samples": 3}, {"equal": "luck"},
     {"entrants": ("vae", "rbm")}, {"entrants": ()}, {"budget": float("nan")}],
)  # fmt: skip
def test_a_plan_that_cannot_be_carried_out_is_refused(changes):
    with pytest.raises(UserError):
        Plan(**{"data": DATA, "budget": 1.0, **changes})


@pytest.mark.parametrize("family", ENTRANTS)
def test_trials_differ_in_the_learning_rate_alone(family):
    plan = Plan(DATA, 30.0)
    digits = data.load("digits")
    first, second = (train_config(family, digits, trial, plan, seed=3) for trial in (0, 1))
    assert second.learning_rate == RATES[1] / RATES[0] * first.learning_rate
    assert first.minutes == 0.5 and first.seed == 3


@pytest.mark.parametrize("family", ENTRANTS)
def test_every_kind_of_data_has_its_model(family):
    for name in ("digits", "8gaussians", "shapes-points"):
        assert type(model_config(family, data.load(name))) is FAMILIES[family].Config


def settings(family):
    """What ``family`` enters with for small images, and for larger ones: two pairs of configurations."""
    datasets = [data.load(name) for name in ("digits", "shapes")]
    plan = Plan(DATA, 30.0)
    return [(model_config(family, d), train_config(family, d, 0, plan, seed=0)) for d in datasets]


def test_the_flow_of_small_images_learns_faster_and_drops_values():
    (small, fast), (large, usual) = settings("flow")
    assert small.dropout > large.dropout == 0
    assert fast.learning_rate == FASTER["flow"] * usual.learning_rate


def test_the_diffusion_of_small_images_is_smaller_and_learns_faster():
    (small, fast), (large, usual) = settings("diffusion")
    assert small.base < large.base and small.log_sigma == large.log_sigma
    assert fast.learning_rate == FASTER["diffusion"] * usual.learning_rate
    assert fast.batch_size == 64 and usual.batch_size is None


def test_equal_operations_never_exceed_what_the_slowest_does_in_the_budget():
    pilots = {"vae": {"operations": 10, "seconds": 0.1}, "flow": {"operations": 400, "seconds": 2.0}}
    steps = equal_steps(Plan(DATA, 60.0, equal="flops", entrants=("vae", "flow")), pilots)
    assert steps == {"vae": 600, "flow": 15}  # 6,000 operations each: what vae does in a minute
    assert equal_steps(Plan(DATA, 60.0), pilots) == {}
