"""The sentences of the course behind this work, each with its metric, its rule and its verdict from one run's numbers.

A verdict is "supported", "refuted", "undecided" (the difference is within the noise, or no seed got there) or "not
testable here" (the run has no such number). The rules stood before any number was seen.
"""

import math
from dataclasses import asdict, dataclass

SUPPORTED, REFUTED, UNDECIDED, UNTESTABLE = "supported", "refuted", "undecided", "not testable here"


@dataclass(frozen=True)
class Verdict:
    """A sentence and what became of it.

    Args:
        sentence: as the course says it.
        metric: what was measured.
        rule: when it counts as supported, when as refuted.
        found: the numbers, in words.
        verdict: one of the four words.
    """

    sentence: str
    metric: str
    rule: str
    found: str
    verdict: str

    def as_dict(self):
        """The fields by name."""
        return asdict(self)


class Evidence:
    """The entrants that ended well, and what is asked of them again and again."""

    def __init__(self, entrants):
        self.entrants = [e for e in entrants if e["status"] == "ok"]

    def of(self, family):
        """A family's entrants, seed by seed."""
        return [e for e in self.entrants if e["family"] == family]

    def values(self, family, *path):
        """The numbers at ``path`` of a family's entrants, those that have one."""
        found = []
        for entrant in self.of(family):
            for key in path:
                entrant = entrant.get(key) if isinstance(entrant, dict) else None
            if entrant is not None and math.isfinite(entrant):
                found.append(float(entrant))
        return found

    def mean(self, family, *path):
        """Their mean, NaN where there is none."""
        values = self.values(family, *path)
        return sum(values) / len(values) if values else math.nan

    def means(self, *path):
        """{family: mean} of all families that have the number."""
        families = dict.fromkeys(e["family"] for e in self.entrants)
        found = {family: self.mean(family, *path) for family in families}
        return {family: mean for family, mean in found.items() if math.isfinite(mean)}


def more_than_noise(difference, error, least=0.0):
    """Supported above ``least`` by 2 standard errors, refuted below by as much, else undecided."""
    if not math.isfinite(difference):
        return UNTESTABLE
    error = error if math.isfinite(error) else 0.0
    if difference - least > 2 * error:
        return SUPPORTED
    return REFUTED if least - difference > 2 * error else UNDECIDED


def _number(value, form=".2f"):
    """A number in words: a dash where the run has none."""
    return "–" if math.isnan(value) else format(value, form)


def _listed(means, unit, form=",.2f"):
    ordered = sorted(means.items(), key=lambda item: item[1])
    return ", ".join(f"{family} {_number(value, form)}{unit}" for family, value in ordered)


def vae_is_fast(evidence):
    """Seconds of training until samples are as good as the worst family's last ones."""
    curves = {e["family"]: [] for e in evidence.entrants}
    for e in evidence.entrants:
        curves[e["family"]].append(e["quality"])
    finals = [max(points[-1]["kid"] for points in runs) for runs in curves.values() if all(runs)]
    mark = max(finals, default=math.nan)
    reached = {}
    for family, runs in curves.items():
        firsts = [next((p["seconds"] for p in points if p["kid"] <= mark), math.inf) for points in runs]
        reached[family] = sum(firsts) / len(firsts)
    verdict = UNTESTABLE
    if "vae" in reached and len(reached) > 1 and math.isfinite(reached["vae"]):
        others = min(value for family, value in reached.items() if family != "vae")
        own = reached["vae"]
        verdict = SUPPORTED if own < others else REFUTED if own > 2 * others else UNDECIDED
    return Verdict(
        "A variational autoencoder is fast to train.",
        "seconds of training until the KID on validation data is at most the worst family's last one",
        "supported if the VAE gets there first, refuted if another is there in less than half its time",
        f"KID {_number(mark, '.4f')} after: {_listed(reached, ' s', ',.1f')}",
        verdict,
    )


def vae_lacks_detail(evidence):
    """Power in the upper half of spatial frequencies, as a share of the data's."""
    ratio, error = evidence.mean("vae", "traits", "detail"), evidence.mean("vae", "traits", "detail_error")
    drawn = evidence.mean("vae", "traits", "drawn_detail")
    return Verdict(
        "Its output lacks detail.",
        "the samples' power in the upper half of spatial frequencies over the data's; 1 for a perfect sampler",
        "supported below 0.8 by 2 standard errors, refuted above by as much",
        f"decoder means {_number(ratio)} ± {_number(error)}; with pixels drawn from p(x | z) {_number(drawn)}: the"
        " missing power is there as noise, not as detail",
        more_than_noise(0.8 - ratio, error),
    )


def others_have_detail(evidence):
    """The same for the three others, without which the sentence before says nothing of VAEs."""
    means = {f: v for f, v in evidence.means("traits", "detail").items() if f != "vae"}
    own = evidence.mean("vae", "traits", "detail")
    nearer = [family for family, value in means.items() if abs(value - 1) < abs(own - 1)]
    verdict = UNTESTABLE
    if means and math.isfinite(own):
        verdict = SUPPORTED if len(nearer) == len(means) else REFUTED if not nearer else UNDECIDED
    return Verdict(
        "… which the others have.",
        "the same ratio",
        "supported if all others are nearer to 1 than the VAE, refuted if none is",
        f"vae {_number(own)}; {_listed(means, '')}",
        verdict,
    )


def semi_supervised(evidence, extra):
    """M2's error with few labels beside the same classifier on these labels alone."""
    found = extra.get("semisupervised")
    if not found:
        return Verdict(
            "It is good for semi-supervised learning.", "test error of M2 beside its classifier alone, few labels",
            "supported if M2's error is lower by 2 standard errors", "the data have no labels", UNTESTABLE,
        )  # fmt: skip
    alone, m2, error = found["supervised"], found["m2"], found["standard_error"]
    return Verdict(
        "It is good for semi-supervised learning.",
        f"test error with {found['labels']} labels: M2, a VAE with a classifier inside, beside the classifier alone",
        "supported if M2's error is lower by 2 standard errors of the difference, refuted if higher by as much",
        f"M2 {100 * m2:.1f} %, the classifier alone {100 * alone:.1f} % (± {100 * error:.1f})",
        more_than_noise(alone - m2, error),
    )


def discriminator_tells_probability(evidence):
    """Whether a discriminator's probability is one: calibrated on real data and fakes."""
    error = evidence.mean("gan", "traits", "calibration_error")
    undefined = bool(evidence.of("gan")) and math.isnan(error)
    return Verdict(
        "The discriminator gives the probability that a candidate is real.",
        "calibration error of σ(D) on fresh data and as many fakes",
        "supported below 0.1, refuted above 0.2",
        "the relativistic loss compares pairs, so a single logit is no probability" if undefined else _number(error),
        UNTESTABLE if math.isnan(error) else SUPPORTED if error < 0.1 else REFUTED if error > 0.2 else UNDECIDED,
    )


def flow_is_exact(evidence):
    """x through the flow and back."""
    errors = evidence.values("flow", "traits", "inverse_error")
    worst = max(errors, default=math.nan)
    verdict = UNTESTABLE if not errors else SUPPORTED if worst < 1e-3 else REFUTED
    return Verdict(
        "A flow maps data to a latent of the same shape, and back exactly.",
        "number of latent values; largest |x − f⁻¹(f(x))| on test data, float32",
        "supported if as many values as the data and an error below 0.001",
        f"{_number(evidence.mean('flow', 'traits', 'latent_values'), '.0f')} values; error {_number(worst, '.1e')}",
        verdict,
    )


def flow_is_parallel(evidence, extra):
    """Sampling beside a model that draws value after value."""
    decoding, encoding = (evidence.mean("flow", "traits", f"{what}_seconds") for what in ("decode", "encode"))
    made = extra.get("made_seconds", math.nan)
    verdict = UNTESTABLE
    if math.isfinite(decoding) and math.isfinite(made):
        verdict = SUPPORTED if decoding < made and decoding < 4 * encoding else REFUTED
    return Verdict(
        "… in parallel.",
        "seconds to decode and to encode 200 data, beside 200 samples of a MADE, which draws value after value",
        "supported if decoding takes less time than the MADE and less than 4 times encoding",
        f"decode {_number(decoding, '.3f')} s, encode {_number(encoding, '.3f')} s, MADE {_number(made, '.3f')} s",
        verdict,
    )


def flow_is_costly(evidence):
    """Operations of a training step for each datum."""
    means = evidence.means("gflop_per_datum")
    own, others = means.pop("flow", math.nan), sorted(means.values())
    verdict = UNTESTABLE
    if others and math.isfinite(own):
        verdict = SUPPORTED if own > 2 * others[len(others) // 2] else REFUTED if own < others[0] else UNDECIDED
    return Verdict(
        "… at a high cost.",
        "operations of a training step for each datum",
        "supported above twice the median of the others, refuted below all others",
        f"flow {_number(own, '.4f')} GFLOP; {_listed(means, ' GFLOP', '.4f')}",
        verdict,
    )


def diffusion_is_best(evidence):
    """KID on test data against the best of the others."""
    means = evidence.means("scores", "kid", "value")
    errors = evidence.means("scores", "kid", "standard_error")
    own = means.pop("diffusion", math.nan)
    verdict, found = UNTESTABLE, ""
    if means and math.isfinite(own):
        rival = min(means, key=means.get)
        error = math.hypot(errors.get("diffusion", 0.0), errors.get(rival, 0.0))
        verdict = more_than_noise(means[rival] - own, error)
        found = f"diffusion {own:.4f}, next {rival} {means[rival]:.4f} (± {error:.4f} of the difference)"
    return Verdict(
        "A diffusion model is best in quality.",
        "KID on features against test data",
        "supported if lower than every other by 2 standard errors, refuted if higher than one by as much",
        found,
        verdict,
    )


def diffusion_is_costly(evidence):
    """Seconds of sampling beside the others'."""
    means = evidence.means("sampling_per_1000")
    own = means.pop("diffusion", math.nan)
    others = sorted(means.values())
    verdict = UNTESTABLE
    if others and math.isfinite(own):
        verdict = SUPPORTED if own > 5 * others[len(others) // 2] else REFUTED if own < others[-1] else UNDECIDED
    return Verdict(
        "It is costly.",
        "seconds to draw 1,000 samples",
        "supported above 5 times the median of the others, refuted below the slowest of them",
        f"diffusion {_number(own)} s; {_listed(means, ' s')}",
        verdict,
    )


def coarse_first(evidence):
    """When the lower and the upper half of the frequencies of the predicted x_0 have settled."""
    low, high = (evidence.mean("diffusion", "traits", f"{half}_settles") for half in ("low", "high"))
    apart, error = (evidence.mean("diffusion", "traits", name) for name in ("settles_apart", "settles_apart_error"))
    return Verdict(
        "It makes the coarse first and the detail later.",
        "the share of the steps after which x̂₀ stays within a tenth of its final power, lower and upper half of"
        " frequencies",
        "supported if the lower half settles earlier by 2 standard errors over samples",
        f"lower half after {_number(low)}, upper after {_number(high)} of the steps"
        f" (± {_number(error)} of the difference)",
        more_than_noise(apart, error),
    )


def all_model_probability(evidence):
    """Who can say how probable a datum is."""
    kinds = {e["family"]: e["likelihood"]["kind"] for e in evidence.entrants}
    without = [family for family, kind in kinds.items() if kind == "undefined"]
    return Verdict(
        "All of them model the probability of data.",
        "what log_prob answers",
        "supported if each gives a number that is exact, a bound or an estimate",
        "; ".join(f"{family}: {kind}" for family, kind in kinds.items()),
        UNTESTABLE if not kinds else REFUTED if without else SUPPORTED,
    )


def verdicts(entrants, extra):
    """All sentences, in the course's order.

    Args:
        entrants: dicts of `entrant.enter`.
        extra: numbers that belong to no family: "semisupervised", "made_seconds".
    """
    evidence = Evidence(entrants)
    return [
        vae_is_fast(evidence), vae_lacks_detail(evidence), others_have_detail(evidence),
        semi_supervised(evidence, extra), discriminator_tells_probability(evidence), flow_is_exact(evidence),
        flow_is_parallel(evidence, extra), flow_is_costly(evidence), diffusion_is_best(evidence),
        coarse_first(evidence), diffusion_is_costly(evidence), all_model_probability(evidence),
    ]  # fmt: skip


NOTES = (
    (
        "Image generators such as DALL·E are no GANs: the first was a discrete VAE whose codes a transformer models.",
        "Zero-Shot Text-to-Image Generation. Ramesh et al., 2021, https://arxiv.org/abs/2102.12092",
    ),
    (
        "A VAE's noise enters in latent space, through z = μ + σ ε; the decoder's output is then a distribution of x.",
        "Auto-Encoding Variational Bayes. Kingma, Welling, 2013, https://arxiv.org/abs/1312.6114",
    ),
    (
        "The non-saturating game, which most GANs play, is not zero-sum: the generator minimises another loss than the"
        " one that the discriminator maximises.",
        "Generative Adversarial Networks. Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661 (section 3)",
    ),
)
"""Where the course's text is imprecise: what is right, and its source."""
