"""All families of scenarios."""

from __future__ import annotations

from . import disturbed, failing, healthy, infrastructure, startups
from .families import Family


def corpus() -> tuple[Family, ...]:
    """Every family, each by its own name."""
    modules = (healthy, disturbed, failing, infrastructure, startups)
    families = tuple(found for module in modules for found in module.families())
    names = [found.name for found in families]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"families must have names of their own, and these have not: {sorted(twice)}")
    return families
