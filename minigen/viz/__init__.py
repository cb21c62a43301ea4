"""Pictures, as PNG files: nothing here knows tensors or models.

Grids of images need Pillow alone and are offered here; what needs matplotlib is imported by its own name, so that a
command that only writes samples does not wait for it: ``from minigen.viz.curves import save_curves``,
``from minigen.viz.points import save_points, save_outlines``.
"""

from minigen.viz.grid import save_grid

__all__ = ["save_grid"]
