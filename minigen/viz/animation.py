"""The way from noise to samples: as an animation, or as a strip of a few frames."""

import os
from collections.abc import Iterable, Mapping

import numpy as np
from PIL import Image

from ..errors import UserError
from ..files import whole_file
from .figure import COLORS, new_figure, save_figure, tidy
from .film import captioned, colour, film, thin
from .grid import SHEET, grid
from .points import frame, save_outlines

FRAMES = 60  # of an animation: a path of a thousand steps would take a minute to watch
COLUMNS, ROWS = 12, 8  # of a strip


def save_animation(
    panels: Mapping[str, np.ndarray], path: str | os.PathLike, kind: str, reference: np.ndarray | None = None
) -> bool:
    """Write named arrays (F, n, *shape) as a GIF, side by side, and return True; False where they have no picture.

    At most 60 frames are shown, evenly spread, the first and the last among them. `kind` and `reference` as for
    ``film``. The same arrays give the same bytes.

    Raises ShapeError for other shapes, UserError where the file cannot be written.
    """
    pictures = film(thin(panels, FRAMES), kind, reference)
    if pictures is None:
        return False
    write_gif(pictures, path)
    return True


def write_gif(pictures: Iterable[np.ndarray], path: str | os.PathLike, duration: int = 80, pause: int = 1500) -> None:
    """Write pictures, uint8 (height, width, 3), as a GIF that starts again for ever.

    duration  milliseconds of each picture
    pause     milliseconds of the last one, so that the result can be looked at

    Raises UserError where there is no picture or the file cannot be written.
    """
    frames = [
        Image.fromarray(np.ascontiguousarray(p)).quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        for p in pictures
    ]
    if not frames:
        raise UserError("an animation got no pictures; wanted at least 1")
    durations = [duration] * (len(frames) - 1) + [pause]
    with whole_file(path) as file:
        frames[0].save(
            file, format="gif", save_all=True, append_images=frames[1:], duration=durations, loop=0, disposal=1
        )


def save_strip(
    panels: Mapping[str, np.ndarray], path: str | os.PathLike, kind: str, reference: np.ndarray | None = None
) -> bool:
    """Write named arrays (F, n, *shape) as a PNG, and return True; False where they have no picture.

    Time runs to the right, in at most 12 columns. Of images and outlines the first 8 samples have a row each, the
    arrays one below the other; of clouds each array has a row.

    Raises ShapeError for other shapes, UserError where the file cannot be written.
    """
    panels = thin(panels, COLUMNS)
    if film(panels, kind) is None:
        return False
    if kind == "points":
        _strip_of_clouds(panels, path, reference)
        return True
    # (F, n, …) -> (n F, …), a row of F for each sample
    rows = {name: _rows(np.asarray(frames)[:, :ROWS]) for name, frames in panels.items()}
    columns = len(next(iter(panels.values())))
    if kind == "outlines":
        save_outlines(np.concatenate(list(rows.values())), path, columns)
        return True
    width = next(iter(rows.values())).shape[2]
    scale = max(1, round(SHEET / (columns * (width + 1) + 1)))
    sheets = {name: grid(images, columns, scale=scale) for name, images in rows.items()}
    named = len(sheets) > 1
    picture = np.vstack([captioned(s, name) if named else colour(s) for name, s in sheets.items()])
    with whole_file(path) as file:
        Image.fromarray(picture).save(file, format="png", optimize=True)
    return True


def _rows(frames: np.ndarray) -> np.ndarray:
    return frames.swapaxes(0, 1).reshape(-1, *frames.shape[2:])


def _strip_of_clouds(panels: Mapping[str, np.ndarray], path: str | os.PathLike, reference: np.ndarray | None) -> None:
    last = np.concatenate([np.asarray(frames)[-1] for frames in panels.values()])
    low, high = frame(last if reference is None else np.asarray(reference))
    count = len(next(iter(panels.values())))
    figure = new_figure(1.5 * count, 1.6 * len(panels))
    for row, (name, frames) in enumerate(panels.items()):
        for column, cloud in enumerate(frames):
            axes = figure.add_subplot(len(panels), count, row * count + column + 1)
            shown = cloud[np.isfinite(cloud).all(axis=1)]
            axes.scatter(*shown.T, s=np.clip(1500 / len(cloud), 0.3, 4), color=COLORS[1], alpha=0.5, linewidths=0)
            tidy(axes, name if len(panels) > 1 and column == 0 else "")
            axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", xticks=[], yticks=[])
    save_figure(figure, path)
