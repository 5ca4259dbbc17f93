"""The evidence of rollouts as a picture: one column for each, for each signal its share and its evidence.

matplotlib is the extra ``plot``; it is imported when something is drawn and not before. The same figures give
the same file, byte for byte.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Sequence
from pathlib import Path

from daemon.presentation.figure import Figure

ENDINGS = (".svg", ".png")
MOST = 12
"""Columns of one picture; more can be neither drawn at a readable size nor looked at."""


class PictureError(Exception):
    """Why nothing could be drawn, and what helps."""


def check(path: Path) -> None:
    """That a picture can be written there: to be asked before the work that it is to show."""
    if path.suffix.lower() not in ENDINGS:
        raise PictureError(f"{path} is no picture's name: let it end in {' or '.join(ENDINGS)}")
    if importlib.util.find_spec("matplotlib") is None:
        raise PictureError("pictures need matplotlib, which is not installed: pip install 'rollbackd[plot]'")
    if not path.parent.is_dir():
        raise PictureError(f"{path} cannot be written: there is no directory {path.parent}, make it first")


def draw(figures: Sequence[Figure], path: Path) -> None:
    """Write the picture of at most ``MOST`` figures, as SVG or PNG. Raises PictureError with the remedy."""
    check(path)
    if not figures:
        raise PictureError("there is nothing to draw: no rollout was judged")
    if len(figures) > MOST:
        raise PictureError(f"{len(figures)} rollouts are too many for one picture: choose {MOST} at most")
    from daemon.presentation.panels import paint

    try:
        with warnings.catch_warnings():
            # Of letters that the built-in font lacks: a box stands for each, and the picture is still of use.
            warnings.simplefilter("ignore", UserWarning)
            paint(figures, path)
    except OSError as error:
        why = error.strerror or error
        raise PictureError(f"{path} cannot be written ({why}): name a file that can") from error
