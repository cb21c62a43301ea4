"""What a computation is made of: counts of its operations."""

from .operations import OperationCount, count_operations

__all__ = ["OperationCount", "count_operations"]
