"""Measures of samples, over arrays alone: nothing here knows tensors or models."""

from .bias import bias_curve
from .frechet import frechet, frechet_of_gaussians
from .kernel import gaussian, kid, median_distance, mmd, mmd_test, polynomial
from .manifold import expected_coverage, precision_recall
from .memorisation import Memorisation, memorisation
from .modes import ModeReport, mode_report
from .neighbours import nearest_distance
from .score import Score, Standing, beside, mean_score, share
from .spectrum import frequencies, power_spectrum, spectral_distance
from .two_sample import TwoSampleTest, classifier_test

__all__ = [
    "Memorisation", "ModeReport", "Score", "Standing", "TwoSampleTest", "beside", "bias_curve",
    "classifier_test", "expected_coverage", "frechet", "frechet_of_gaussians", "frequencies", "gaussian", "kid",
    "mean_score", "median_distance", "memorisation", "mmd", "mmd_test", "mode_report", "nearest_distance",
    "polynomial", "power_spectrum", "precision_recall", "share", "spectral_distance",
]  # fmt: skip
