"""Evaluation of trained models on data they have not seen, and of their samples by a judge."""

from .classifier import Classifier, label_agreement, train_classifier
from .distances import Sets, compare_features, compare_images, compare_samples
from .evaluation import evaluate
from .features import FeatureNet, random_features, trained_features
from .judgement import judge_samples, why_not

__all__ = [
    "Classifier", "FeatureNet", "Sets", "compare_features", "compare_images", "compare_samples", "evaluate",
    "judge_samples", "label_agreement", "random_features", "train_classifier", "trained_features",
    "why_not",
]  # fmt: skip
