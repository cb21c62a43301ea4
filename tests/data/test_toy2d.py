"""Toy distributions: densities integrate to 1, agree with their own samples, and have the published entropies."""

import math

import numpy as np
import pytest

from minigen.data import load
from minigen.data.toy2d import TOYS, Moons, Spirals

ENTROPY = {"8gaussians": 2.8319, "25gaussians": 0.0653, "checkerboard": math.log(32)}
names = pytest.mark.parametrize("name", TOYS)


def on_grid(name, half=5.5):
    """Midpoints (n·n, 2) of a grid on [−half, half]², the log-density there, and the area of a cell."""
    n = 220 if name in ("moons", "spirals") else 440
    line = (np.arange(n) + 0.5) / n * 2 * half - half
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    return points, TOYS[name].log_density(points), (2 * half / n) ** 2


@names
def test_the_density_integrates_to_one(name):
    _, log_p, cell = on_grid(name)
    assert np.exp(log_p).sum() * cell == pytest.approx(1, abs=2e-3 if name in ("rings", "pinwheel") else 1e-4)


@names
def test_samples_follow_the_density(name):
    """The mean of log p over samples is −entropy, by an integral over a grid, within the standard error."""
    toy = TOYS[name]
    log_p = toy.log_density(toy.sample(8_000, np.random.default_rng(1)))
    _, on, cell = on_grid(name)
    inside = on[np.isfinite(on)]
    entropy = -(np.exp(inside) * inside).sum() * cell
    assert -log_p.mean() == pytest.approx(entropy, abs=4.5 * log_p.std() / math.sqrt(8_000) + 3e-3)


@names
def test_samples_fill_the_density_everywhere(name):
    """A chi-square statistic on a 20×20 grid of cells; rejects a wrong place, width, angle or weight."""
    toy, n = TOYS[name], 20_000
    points, log_p, cell = on_grid(name)

    def cells(x):
        index = np.clip(((x + 5.5) / 11 * 20).astype(int), 0, 19)
        return index[:, 0] * 20 + index[:, 1]

    expected = n * np.bincount(cells(points), np.exp(log_p) * cell, 400)
    seen = np.bincount(cells(toy.sample(n, np.random.default_rng(2))), minlength=400)
    big = expected > 5
    chi2 = ((seen - expected)[big] ** 2 / expected[big]).sum()
    assert chi2 < big.sum() + 5 * math.sqrt(2 * big.sum())
    assert seen[~big].sum() < expected[~big].sum() + 5 * math.sqrt(expected[~big].sum() + 1)


@pytest.mark.parametrize("name", ENTROPY)
def test_the_published_entropies(name):
    toy = TOYS[name]
    log_p = toy.log_density(toy.sample(200_000, np.random.default_rng(3)))
    assert -log_p.mean() == pytest.approx(ENTROPY[name], abs=4 * log_p.std() / math.sqrt(200_000) + 1e-4)


@pytest.mark.parametrize("kind", [Moons, Spirals])
def test_more_quadrature_nodes_change_nothing(kind):
    toy, finer = kind(), kind()
    finer.nodes = 2 * toy.nodes
    rng = np.random.default_rng(4)
    x = toy.sample(400, rng) + 0.5 * rng.standard_normal((400, 2))
    np.testing.assert_allclose(toy.log_density(x), finer.log_density(x), atol=1e-9)


@names
def test_float32_storage_leaves_no_point_outside(name):
    data = load(name, seed=5)
    assert data.kind == "points" and data.shape == (2,) and data.classes == TOYS[name].components
    assert data.train.x.dtype == np.float32 and len(data.test) == 100_000
    assert np.isfinite(data.log_density(data.test.x[:20_000])).all()
    assert set(data.validation.labels) == set(range(data.classes))


@names
def test_draws_are_fixed_by_the_generator(name):
    draws = [TOYS[name].sample(5, np.random.default_rng(seed)) for seed in (7, 7, 8)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).all()
