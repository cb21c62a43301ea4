"""Measures of samples, over arrays alone: nothing here knows tensors or models."""

from .modes import ModeReport, mode_report

__all__ = ["ModeReport", "mode_report"]
