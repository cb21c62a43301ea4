"""Evaluation of trained models on data they have not seen, and of their samples by a judge."""

from .classifier import Classifier, label_agreement, train_classifier
from .evaluation import evaluate

__all__ = ["Classifier", "evaluate", "label_agreement", "train_classifier"]
