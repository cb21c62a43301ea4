"""The scoreboard (`python -m minigen.testing scoreboard`): every op, layer, optimiser and schedule in one table.

Each op meets three judges: a reference in plain NumPy on drawn cases, PyTorch on the same cases, and PyTorch on its
own OpInfo samples. Each backend is held against the reference backend in ulp. Without torch its columns are empty.
"""

from .board import Settings, rows_of, scoreboard
from .record import write_json
from .table import table

__all__ = ["Settings", "rows_of", "scoreboard", "table", "write_json"]
