"""A file that a long piece of work is kept in, whole at each moment."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


class StateFile:
    """Raises OSError where the file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> bytes | None:
        """What was kept, or ``None``."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def save(self, content: bytes) -> None:
        """Replaced in one step: whoever is killed meanwhile leaves what was kept before."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def set_aside(self) -> Path:
        """Move what cannot be used out of the way, and tell where it is now."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        self.path.replace(aside)
        return aside
