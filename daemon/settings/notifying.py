"""Who is notified of which incidents; a part of the policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from daemon.core.policy import Level, Route
from daemon.settings.incidents import Sink
from daemon.settings.types import Group, Line


class RouteSettings(Group):
    """A sink, where in it, and from which level on."""

    sink: Sink = Field(description="One of the sinks in use.")
    channel: Line = Field(
        default="",
        description=(
            "One of the sink's `channels` (GitHub: `repositories`; GitLab and Jira: `projects`). Left out: "
            "the first of them"
        ),
    )
    min_level: Level = Field(
        default=Level.INFO,
        description=(
            "`info`: everything. `warning`: what waits for a person, or is found and not acted on. "
            "`critical`: a service that the rollback did not recover. Who heard of a case once hears how it "
            "ends as well"
        ),
    )


def _named(value: Any) -> Any:
    return {"sink": value} if isinstance(value, str) else value


class NotifySettings(Group):
    """Who is notified, of what."""

    notify: tuple[Annotated[RouteSettings, BeforeValidator(_named)], ...] | None = Field(
        default=None,
        max_length=20,
        description=(
            "Who is notified, of what. Left out: every sink in use, of everything. `log` and `events` are "
            "notified of everything also where others are listed, unless they are listed themselves."
        ),
    )


def routes(chosen: Iterable[RouteSettings] | None) -> tuple[Route, ...] | None:
    if chosen is None:
        return None
    return tuple(Route(sink=one.sink, channel=one.channel, min_level=one.min_level) for one in chosen)
