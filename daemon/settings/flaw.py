"""What is wrong with settings that are well-formed one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from daemon.settings.problems import Location


@dataclass(frozen=True)
class Flaw:
    location: Location
    message: str
    remedy: str
    value: Any = None
