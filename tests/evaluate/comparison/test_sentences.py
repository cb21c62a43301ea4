"""Each rule gives each verdict that it can give, on numbers made for it."""

import pytest

from minigen.evaluate.comparison import sentences as s
from minigen.evaluate.comparison.sentences import REFUTED, SUPPORTED, UNDECIDED, UNTESTABLE, Evidence

from .conftest import entrant, score


def field(**families):
    """Evidence of four families, with changes to some."""
    return Evidence([entrant(f, **families.get(f, {})) for f in ("vae", "gan", "flow", "diffusion")])


def quality(*seconds_and_kid):
    return {"quality": [{"seconds": t, "kid": kid} for t, kid in seconds_and_kid]}


@pytest.mark.parametrize(
    ("vae", "verdict"),
    [(((1, 0.1), (10, 0.1)), SUPPORTED), (((8, 0.2), (10, 0.1)), REFUTED), (((3, 0.3), (4, 0.1)), UNDECIDED)],
)
def test_fast(vae, verdict):
    rival = quality((2.5, 0.1), (10, 0.05))
    evidence = field(vae=quality(*vae), gan=rival, flow=rival, diffusion=rival)
    assert s.vae_is_fast(evidence).verdict == verdict


@pytest.mark.parametrize(
    ("detail", "error", "verdict"), [(0.5, 0.05, SUPPORTED), (1.0, 0.05, REFUTED), (0.75, 0.05, UNDECIDED)]
)
def test_detail(detail, error, verdict):
    evidence = field(vae={"traits": {"detail": detail, "detail_error": error, "drawn_detail": 2.0}})
    assert s.vae_lacks_detail(evidence).verdict == verdict


def test_detail_of_points_cannot_be_tested():
    assert s.vae_lacks_detail(field()).verdict == UNTESTABLE
    assert s.others_have_detail(field()).verdict == UNTESTABLE


@pytest.mark.parametrize(
    ("others", "verdict"), [((0.9, 1.1, 1.0), SUPPORTED), ((0.1, 3.0, 0.2), REFUTED), ((0.9, 3.0, 1.0), UNDECIDED)]
)
def test_others_have_it(others, verdict):
    changes = dict(zip(("gan", "flow", "diffusion"), ({"traits": {"detail": d}} for d in others), strict=True))
    assert s.others_have_detail(field(vae={"traits": {"detail": 0.5}}, **changes)).verdict == verdict


@pytest.mark.parametrize(
    ("m2", "alone", "verdict"), [(0.1, 0.2, SUPPORTED), (0.3, 0.2, REFUTED), (0.19, 0.2, UNDECIDED)]
)
def test_semi_supervised(m2, alone, verdict):
    found = {"m2": m2, "supervised": alone, "standard_error": 0.02, "labels": 100}
    assert s.semi_supervised(field(), {"semisupervised": found}).verdict == verdict
    assert s.semi_supervised(field(), {}).verdict == UNTESTABLE


@pytest.mark.parametrize(
    ("error", "verdict"), [(0.05, SUPPORTED), (0.3, REFUTED), (0.15, UNDECIDED), (None, UNTESTABLE)]
)
def test_probability_of_being_real(error, verdict):
    traits = {} if error is None else {"calibration_error": error}
    assert s.discriminator_tells_probability(field(gan={"traits": traits})).verdict == verdict


@pytest.mark.parametrize(("error", "verdict"), [(1e-6, SUPPORTED), (0.1, REFUTED), (None, UNTESTABLE)])
def test_exact_inverse(error, verdict):
    traits = {} if error is None else {"inverse_error": error, "latent_values": 64}
    assert s.flow_is_exact(field(flow={"traits": traits})).verdict == verdict


@pytest.mark.parametrize(
    ("decode", "verdict"), [(0.1, SUPPORTED), (1.0, REFUTED), (3.0, REFUTED)], ids=["fast", "slow way back", "slower"]
)
def test_in_parallel(decode, verdict):
    evidence = field(flow={"traits": {"decode_seconds": decode, "encode_seconds": 0.1}})
    assert s.flow_is_parallel(evidence, {"made_seconds": 2.0}).verdict == verdict
    assert s.flow_is_parallel(evidence, {}).verdict == UNTESTABLE


@pytest.mark.parametrize(("cost", "verdict"), [(0.1, SUPPORTED), (0.001, REFUTED), (0.015, UNDECIDED)])
def test_costly_flow(cost, verdict):
    assert s.flow_is_costly(field(flow={"gflop_per_datum": cost})).verdict == verdict


@pytest.mark.parametrize(("kid", "verdict"), [(0.01, SUPPORTED), (0.5, REFUTED), (0.09, UNDECIDED)])
def test_best(kid, verdict):
    assert s.diffusion_is_best(field(diffusion={"scores": {"kid": score(kid)}})).verdict == verdict


@pytest.mark.parametrize(("seconds", "verdict"), [(5.0, SUPPORTED), (0.05, REFUTED), (0.2, UNDECIDED)])
def test_costly_diffusion(seconds, verdict):
    assert s.diffusion_is_costly(field(diffusion={"sampling_per_1000": seconds})).verdict == verdict


@pytest.mark.parametrize(("apart", "verdict"), [(0.2, SUPPORTED), (-0.2, REFUTED), (0.01, UNDECIDED)])
def test_coarse_first(apart, verdict):
    traits = {"low_settles": 0.5, "high_settles": 0.5 + apart, "settles_apart": apart, "settles_apart_error": 0.02}
    assert s.coarse_first(field(diffusion={"traits": traits})).verdict == verdict


def test_probability_of_all():
    assert s.all_model_probability(field()).verdict == SUPPORTED
    assert s.all_model_probability(field(gan={"likelihood": {"kind": "undefined"}})).verdict == REFUTED


def test_there_are_a_dozen_and_failed_entrants_count_for_none():
    failed = [{"family": f, "seed": 0, "trial": 0, "status": "NonFiniteError: …"} for f in ("vae", "gan")]
    found = s.verdicts(failed, {})
    assert len(found) == 12
    assert {v.verdict for v in found} == {UNTESTABLE}
    assert all(v.sentence and v.metric and v.rule for v in found)


@pytest.mark.parametrize("family", ["vae", "gan", "flow", "diffusion"])
def test_what_a_run_has_no_number_for_is_a_dash(family):
    """Whichever family enters alone, no sentence shows NaN, and what cannot be told is said to be so."""
    found = s.verdicts([entrant(family)], {})
    assert len(found) >= 12
    assert not [v.found for v in found if "nan" in v.found]
    assert all(v.verdict == UNTESTABLE for v in found if "–" in v.found)
