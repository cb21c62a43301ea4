"""Entrants made by hand, so that tables and verdicts can be checked against what they must say."""

import pytest


def score(value, error=0.01):
    return {"value": value, "standard_error": error, "floor": {"value": 0.0}, "noise": {"value": 1.0}}


def entrant(family, seed=0, kid=0.1, **changes):
    """A whole entrant that ended well; ``changes`` replace its keys."""
    return {
        "family": family, "seed": seed, "trial": 0, "status": "ok", "steps": 100, "parameters": 10,
        "evaluations_per_sample": 1, "gflop_per_step": 1.0, "gflop_per_datum": 0.01, "sampling_per_1000": 0.1,
        "quality": [{"fraction": f, "seconds": 10 * f, "step": int(100 * f), "kid": kid / f, "error": 0.0}
                    for f in (0.25, 0.5, 1.0)],
        "likelihood": {"kind": "bound", "of": "P(integer x)", "bits_per_dim": 1.0, "bits_per_dim_standard_error": 0.01},
        "scores": {"kid": score(kid)}, "traits": {}, "samples": 100,
        "seconds": {"train": 10.0, "sample": 0.01}, "peak_mib": 100,
        **changes,
    }  # fmt: skip


@pytest.fixture
def four():
    """One entrant of each family, alike but for their names."""
    return [entrant(family) for family in ("vae", "gan", "flow", "diffusion")]
