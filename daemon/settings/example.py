"""The settings file that comes with the product: an example, which nothing falls back on unasked."""

from __future__ import annotations

from pathlib import Path


def example_file() -> Path:
    """One application's settings, commented: in the installed package, or in the source tree."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_config" / "default.yaml"
    return installed if installed.exists() else package.parent / "config" / "default.yaml"
