"""Evaluation of trained models on data they have not seen."""

from .likelihood import evaluate

__all__ = ["evaluate"]
