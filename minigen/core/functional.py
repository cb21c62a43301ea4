"""The public list of ops, by torch's names: ``from minigen import functional as F``."""

__all__ = [name for name in dir() if not name.startswith("_")]
