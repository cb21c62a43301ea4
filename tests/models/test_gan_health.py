"""Health: numbers of samples that are known to be good or ill, and every alarm from a made history."""

import numpy as np
import pytest

from minigen.data.dataset import Split, from_splits
from minigen.data.toy2d import TOYS
from minigen.models import gan_health
from minigen.models.gan_health import REPORTS, alarms, diagnose, known_modes, spread


def toy(name, n=5000):
    x, labels = TOYS[name].labelled(n, np.random.default_rng(0))
    split = Split(x.astype(np.float32), labels)
    return from_splits(name, split, split, split, provenance="drawn here")


def fresh(name, n=2000):
    return TOYS[name].sample(n, np.random.default_rng(1))


@pytest.mark.parametrize(("name", "modes"), [("25gaussians", 25), ("8gaussians", 8)])
def test_good_samples_are_found_healthy(name, modes):
    found = diagnose(fresh(name), toy(name))
    assert found["health/diversity"] == pytest.approx(1, abs=0.06)
    assert found["health/nearest"] == pytest.approx(1, abs=0.15)
    assert (found["health/modes"], found["health/modes_known"]) == (modes, modes)
    assert found["health/high_quality"] == pytest.approx(0.989, abs=0.01)


def test_a_lost_mode_and_a_bridge_are_seen():
    x = fresh("25gaussians")
    x[np.hypot(*(x - TOYS["25gaussians"].means[7]).T) < 1] = 0.0  # onto the middle mode
    assert diagnose(x, toy("25gaussians"))["health/modes"] == 24
    x[::2] += 1  # between the modes
    assert diagnose(x, toy("25gaussians"))["health/high_quality"] == pytest.approx(0.49, abs=0.02)


def test_a_collapse_has_no_diversity():
    x = np.repeat(fresh("moons", 1), 400, 0)
    found = diagnose(x, toy("moons"))
    assert found["health/diversity"] == pytest.approx(0, abs=1e-6)
    assert found["health/nearest"] == pytest.approx(0, abs=1e-6)
    assert alarms([found])


@pytest.mark.parametrize("name", ["moons", "rings", "checkerboard", "spirals"])
def test_classes_that_are_no_clusters_are_no_modes(name):
    assert known_modes(toy(name).train) is None
    assert "health/modes" not in diagnose(fresh(name), toy(name))


def test_known_modes_are_the_mixture_s_own():
    centres, s = known_modes(toy("25gaussians", 50_000).train)
    np.testing.assert_allclose(centres, TOYS["25gaussians"].means, atol=0.01)
    assert s == pytest.approx(0.05, rel=0.02)


def test_points_without_labels_or_with_one_have_no_modes():
    x = np.zeros((5, 2), np.float32)
    assert known_modes(Split(x)) is None
    assert known_modes(Split(x, np.zeros(5, np.int64))) is None


def test_images_are_compared_on_their_own_scale():
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 17, (300, 8, 8, 1)).astype(np.uint8), rng.integers(0, 3, 300), 17)
    dataset = from_splits("noise", split, split, split, provenance="drawn here")
    found = diagnose(rng.integers(0, 17, (200, 8, 8, 1)) / 16, dataset)
    assert found.keys() == {"health/diversity", "health/nearest"}
    assert found["health/diversity"] == pytest.approx(1, abs=0.03)
    assert found["health/nearest"] == pytest.approx(1, abs=0.1)


def test_distances_against_all_pairs():
    x = np.random.default_rng(0).normal(size=(20, 3))
    distance = np.linalg.norm(x[:, None] - x, axis=-1)
    mean, nearest = spread(x)
    assert mean == pytest.approx(distance[~np.eye(20, dtype=bool)].mean(), rel=1e-9)
    assert nearest == pytest.approx((distance + 1e9 * np.eye(20)).min(1).mean(), rel=1e-9)
    assert spread(x[:1]) == (0, 0)


def history(n=3 * REPORTS, **columns):
    """n lines of a healthy training; a column is a number, or a function of the line's part of the way."""
    healthy = {
        "discriminator/accuracy_real": 0.6,
        "discriminator/accuracy_fake": 0.62,
        "discriminator/gradient_norm": 0.3,
        "generator/gradient_norm": 0.2,
        "health/diversity": 0.98,
        "health/modes": 25,
        "health/modes_known": 25,
    }
    columns = {**healthy, **{name.replace("__", "/"): value for name, value in columns.items()}}
    return [{"step": 50 * k, **{name: v(k / n) if callable(v) else v for name, v in columns.items()}} for k in range(n)]


def test_a_healthy_history_raises_no_alarm():
    assert alarms(history()) == []
    assert alarms([]) == []
    assert alarms([{"step": 50, "loss": 1.0}]) == []


ILL = {
    "discriminator wins": {"discriminator__accuracy_real": 1.0, "discriminator__accuracy_fake": 0.99},
    "worse than guessing": {"discriminator__accuracy_real": 0.3, "discriminator__accuracy_fake": 0.4},
    "generator's gradient has vanished": {"generator__gradient_norm": lambda t: 10.0 ** (-6 * t)},
    "discriminator's gradient has vanished": {"discriminator__gradient_norm": lambda t: 10.0 ** (-6 * t)},
    "generator's gradient explodes": {"generator__gradient_norm": lambda t: 10.0 ** (6 * t)},
    "discriminator's gradient explodes": {"discriminator__gradient_norm": lambda t: 10.0 ** (6 * t)},
    "generator has collapsed": {"health__diversity": lambda t: 1 - 0.9 * t},
}


@pytest.mark.parametrize("words", ILL)
def test_every_illness_raises_its_own_alarm_once(words):
    """One sentence, the same in the next report; none before the illness has lasted."""
    ill = history(**ILL[words])
    (said,) = alarms(ill)
    assert words in said
    assert ";" in said  # what to do
    assert alarms([*ill, ill[-1]]) == [said]
    assert alarms(ill[: REPORTS - 1]) == []


def test_lost_modes_are_an_illness_only_late():
    lost = history(gan_health.LATE, health__modes=3)
    (said,) = alarms(lost)
    assert "half of the 25 modes" in said
    assert alarms(lost[:-1]) == []


def test_a_short_spell_is_no_illness():
    spell = history(discriminator__accuracy_real=lambda t: 1.0 if t > 0.9 else 0.6, discriminator__accuracy_fake=1.0)
    assert alarms(spell) == []


def test_lines_without_numbers_or_with_nan_are_passed_over():
    lines = history()
    for line in lines[::2]:
        line["generator/gradient_norm"] = float("nan")
        del line["health/diversity"]
    assert alarms(lines) == []
