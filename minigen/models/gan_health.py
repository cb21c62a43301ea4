"""Whether a GAN is in good health: numbers from its samples, and alarms in words from its history.

The losses of a GAN do not fall as it gets better, so they tell little. What does: the discriminator should neither
always win nor stop caring, the gradients of both players should stay in one range, and the samples should vary as
much as the data.
"""

import math

import numpy as np

LOOKED_AT = 500  # samples, and as many data, whose distances are compared
REPORTS = 10  # lines of metrics over which an illness must last
LATE = 4 * REPORTS  # lines after which missing modes are an illness
SHARE = 0.01  # of the samples that a mode must get to count as captured
APART = 6.0  # standard deviations between two modes that are told apart: their circles of 3 do not meet


def diagnose(samples, dataset):
    """Numbers that tell how varied ``samples`` are, and how many of the known modes they reach.

    Args:
        samples: (n, *shape), images in [0, 1].
        dataset: a `minigen.data.DataSet`; its training data are what the samples are held against.
    Returns:
        "health/diversity": the mean distance between two samples, in that between two data; 1 is right, near 0 a
        collapse. "health/nearest": the same of the distance to the nearest other sample. And where the labels of
        points mark modes that lie apart: "health/modes", those with at least 1 % of the samples within 3 standard
        deviations; "health/modes_known"; "health/high_quality", the share of all samples within 3 of some mode.
    """
    n = min(LOOKED_AT, len(samples))
    split = dataset.train
    rows = np.random.default_rng(0).choice(len(split.x), min(n, len(split.x)), replace=False)
    scale = 1 if split.levels is None else split.levels - 1
    data = split.x[rows].reshape(len(rows), -1) / np.float64(scale)
    own = np.asarray(samples[:n], np.float64).reshape(n, -1)
    (mean, nearest), (data_mean, data_nearest) = spread(own), spread(data)
    found = {"health/diversity": ratio(mean, data_mean), "health/nearest": ratio(nearest, data_nearest)}
    modes = known_modes(split)
    return found if modes is None else {**found, **captured(np.asarray(samples, np.float64), *modes)}


def spread(x):
    """(mean distance between two of x (n, D), mean distance to the nearest other); 0 for a single one."""
    if len(x) < 2:
        return 0.0, 0.0
    squares = (x * x).sum(1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares - 2 * x @ x.T, 0))
    np.fill_diagonal(distance, 0)
    mean = distance.sum() / (len(x) * (len(x) - 1))
    np.fill_diagonal(distance, np.inf)
    return float(mean), float(distance.min(1).mean())


def ratio(a, b):
    """a/b; where b is 0, 1 if a is too and infinity if not."""
    return a / b if b else (1.0 if a == 0 else math.inf)


def known_modes(split):
    """(centres (K, D), standard deviation) of labelled points whose classes are clusters that lie apart, else None."""
    if split.levels is not None or split.labels is None:
        return None
    x, labels = split.x.astype(np.float64), split.labels
    classes, labels = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        return None
    count = np.bincount(labels)
    centres = np.stack([np.bincount(labels, x[:, j]) / count for j in range(x.shape[1])], 1)
    s = math.sqrt(((x - centres[labels]) ** 2).mean())  # of each axis
    between = np.sqrt(((centres[:, None] - centres) ** 2).sum(-1)) + np.where(np.eye(len(centres)), np.inf, 0)
    return (centres, s) if between.min() > APART * s else None


def captured(x, centres, s):
    """How many modes the samples x (n, D) reach, and the share of them within 3 s of a mode."""
    distance = np.sqrt(((x[:, None] - centres) ** 2).sum(-1))  # (n, K)
    near = distance.min(1) < 3 * s
    count = np.bincount(distance.argmin(1)[near], minlength=len(centres))
    return {
        "health/modes": int((count >= SHARE * len(x)).sum()),
        "health/modes_known": len(centres),
        "health/high_quality": float(near.mean()),
    }


def alarms(history):
    """Sentences about what is going wrong, given the lines of metrics so far (dicts, oldest first); best none.

    A sentence holds no number that changes from report to report, so that each is said once.
    """
    found = [_beaten(history), _blind(history), _collapsed(history), _modes_lost(history)]
    for player in ("discriminator", "generator"):
        found += [_vanished(history, player), _exploded(history, player)]
    return [sentence for sentence in found if sentence]


def _column(history, name):
    """The finite values of a metric, oldest first."""
    values = (line.get(name) for line in history)
    return np.array([value for value in values if value is not None and np.isfinite(value)])


def _accuracies(history):
    """The mean of the discriminator's two accuracies in each of the last reports; empty where there are too few."""
    real, fake = (_column(history, f"discriminator/accuracy_{kind}") for kind in ("real", "fake"))
    if min(len(real), len(fake)) < REPORTS:
        return np.empty(0)
    return (real[-REPORTS:] + fake[-REPORTS:]) / 2


def _beaten(history):
    accuracy = _accuracies(history)
    if len(accuracy) and accuracy.min() > 0.98:
        return (
            f"the discriminator wins: it was right more than 98 % of the time in each of {REPORTS} reports, and a"
            " generator that never passes learns little; raise penalty_weight, or lower d_steps"
        )
    return None


def _blind(history):
    accuracy = _accuracies(history)
    if len(accuracy) and accuracy.mean() < 0.4:
        return (
            f"the discriminator does worse than guessing, over {REPORTS} reports; raise d_steps, or lower the learning"
            " rate"
        )
    return None


def _change(history, player):
    """By what factor the median of a player's gradient norm changed from the first to the last reports; else 1."""
    norms = _column(history, f"{player}/gradient_norm")
    return ratio(np.median(norms[-REPORTS:]), np.median(norms[:REPORTS])) if len(norms) >= 2 * REPORTS else 1.0


def _vanished(history, player):
    if _change(history, player) < 1e-3:
        return (
            f"the {player}'s gradient has vanished: less than a thousandth of what it began with is left; raise"
            " penalty_weight, or use another loss than minimax"
        )
    return None


def _exploded(history, player):
    if _change(history, player) > 1e3:
        return (
            f"the {player}'s gradient explodes: it is more than a thousand times what it began with; lower the learning"
            " rate, or add a penalty"
        )
    return None


def _collapsed(history):
    diversity = _column(history, "health/diversity")
    if len(diversity) and diversity[-1] < 0.25:
        return (
            "the generator has collapsed: its samples vary less than a quarter as much as the data; raise pack or"
            " penalty_weight, or start again with another seed"
        )
    return None


def _modes_lost(history):
    modes, known = _column(history, "health/modes"), _column(history, "health/modes_known")
    if len(history) >= LATE and len(modes) and modes[-1] < known[-1] / 2:
        return (
            f"the generator reaches fewer than half of the {known[-1]:.0f} modes; raise instance_noise or pack, or"
            " train longer"
        )
    return None
