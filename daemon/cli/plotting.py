"""The option --plot: its file is checked before the work, and drawn after it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from daemon.presentation.figure import Figure


def check_plot(plot: Path) -> None:
    """Raises UsageError where no picture can be drawn there."""
    from daemon.presentation.picture import PictureError, check

    try:
        check(plot)
    except PictureError as error:
        raise click.UsageError(f"--plot: {error}") from None


def draw_plot(figures: Sequence[Figure], plot: Path) -> None:
    """Raises ClickException where it could not be drawn."""
    from daemon.presentation.picture import PictureError, draw

    try:
        draw(figures, plot)
    except PictureError as error:
        raise click.ClickException(f"--plot: {error}") from None
