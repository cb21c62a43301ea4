"""Pictures, as PNG and GIF files: nothing here knows tensors or models.

Grids of images need Pillow alone; matplotlib is imported when the first figure is drawn.
"""

from .animation import save_animation, save_strip
from .bias import save_bias
from .curves import save_curves
from .grid import save_grid
from .health import save_health
from .points import save_outlines, save_points
from .samples import save_samples
from .warp import lines, save_warp

__all__ = [
    "lines", "save_animation", "save_bias", "save_curves", "save_grid", "save_health", "save_outlines", "save_points",
    "save_samples", "save_strip", "save_warp",
]  # fmt: skip
