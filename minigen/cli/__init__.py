"""The command line: ``minigen train``, ``minigen sample``, ``minigen evaluate``."""
