"""The one query that reads a signal of the whole fleet: counters, scrape times and targets of each pod."""

from __future__ import annotations

from enum import StrEnum

PART = "rollbackd"
"""The label that tells the parts of an answer apart."""


class Part(StrEnum):
    BAD = "bad"
    TOTAL = "total"
    AT = "at"
    """The newest scrape's own time. ``timestamp()`` gives it for a plain selector; for anything computed it
    gives the query's time."""
    TARGETS = "targets"
    """How many targets the pod is scraped through: more than one would count its requests twice."""


_TARGET = ("job", "instance", "prometheus", "prometheus_replica", "replica")
"""What tells two targets apart, in a Prometheus and in the usual aggregators of several."""


def fleet_query(bad: str, total: str, *, namespace_label: str, pod_label: str) -> str:
    """Rows by namespace, pod and part. Expressions stand on lines of their own: they may end in a comment."""
    by = f"by ({namespace_label}, {pod_label})"
    target = f"by ({', '.join((namespace_label, pod_label, *_TARGET))})"
    parts = {
        Part.BAD: f"sum {by} (\n{bad}\n)",
        Part.TOTAL: f"sum {by} (\n{total}\n)",
        Part.AT: f"max {by} (timestamp(\n{total}\n))",
        Part.TARGETS: f"count {by} (group {target} (\n{total}\n))",
    }
    # With an empty source label and pattern label_replace always matches: it only adds the label.
    return "\nor ".join(
        f'label_replace({expression}, "{PART}", "{part.value}", "", "")' for part, expression in parts.items()
    )
