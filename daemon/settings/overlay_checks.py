"""What must hold between overlays and the rest of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.core.migration import DowngradeChoice
from daemon.settings.flaw import Flaw
from daemon.settings.model import Settings


def overlays(settings: Settings) -> Iterator[Flaw]:
    """A database is not taken back while people take their time: the failing release would run on it."""
    waiting = {one.name for one in settings.overlays if one.review and one.review.before_merge == "wait"}
    downgraded = {one.name for one in settings.migrations if one.downgrade is DowngradeChoice.ALLOWED}
    for index, workload in enumerate(settings.workloads):
        if workload.overlay in waiting and workload.migration in downgraded:
            yield Flaw(
                ("workloads", index, "overlay"),
                f"{workload.overlay} waits for a merge after the database of {workload.migration} "
                "was taken back",
                "write before_merge: act in its review, or downgrade: forbidden in that migration",
                workload.overlay,
            )
