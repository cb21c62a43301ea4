"""Pictures, as PNG files: nothing here knows tensors or models.

Grids of images need Pillow alone; matplotlib is imported when the first figure is drawn.
"""

from .curves import save_curves
from .grid import save_grid
from .points import save_outlines, save_points
from .samples import save_samples

__all__ = ["save_curves", "save_grid", "save_outlines", "save_points", "save_samples"]
