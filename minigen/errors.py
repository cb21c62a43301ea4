"""The errors that a user of minigen can cause and mend.

Each message says what was got, what was wanted and what to do. The command line prints the message
alone and exits with code 2; in Python they are ordinary exceptions.
"""


class MinigenError(Exception):
    """Base class of every error that minigen raises on purpose."""


class UserError(MinigenError, ValueError):
    """Input that cannot be used: a wrong option, file, folder, shape or value."""


class DataError(UserError):
    """A data set that is missing, corrupt, or not of the promised kind."""


class CheckpointError(UserError):
    """A checkpoint that is missing, corrupt, of another model or of a newer format."""


class ShapeError(UserError):
    """Arrays whose shapes do not fit the op or layer; the message names both."""


class DTypeError(MinigenError, TypeError):
    """Tensors of different dtypes met in one op; the message names both."""


class GraphError(MinigenError, RuntimeError):
    """A gradient that cannot be right: a graph used twice, or a saved array changed since."""


class NonFiniteError(MinigenError, FloatingPointError):
    """The first NaN or infinity of a computation; the message names op, module path and step."""
