"""Incidents as annotations in Grafana, by its HTTP API:
https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/annotations/

A case is one region, from the beginning of its release to the newest stage, so that graphs show what the
release did to them and when that was over. What befalls a workload between rollouts is a region of its own.
Each is found by the case's tag and its beginning before another is made. Grafana shows HTML in a text.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from daemon.adapters.incidents.markup import without_tags
from daemon.adapters.incidents.outlet import Outlet, secret_in
from daemon.adapters.incidents.tickets import mark_of
from daemon.adapters.incidents.webhook import page_of
from daemon.core.case.case import Phase
from daemon.core.case.incident import Incident
from daemon.core.value import Value

LONGEST_TEXT, LONGEST_TAG = 2_000, 100
"""Characters; of a tag Grafana keeps no more, and a text is shown in a small box."""
REMEDY = (
    "check incidents.grafana.url and the token: it is a service account's that may read, create and write "
    "the organization's annotations (role Editor)"
)


class _Found(Value, frozen=True):
    """``time`` is in milliseconds."""

    id: int
    time: int


class GrafanaSink:
    """One region for each case, which grows with each stage."""

    name = "grafana"

    def __init__(self, token_file: Path, *, address: str, page_url: str = "") -> None:
        self._token_file = token_file
        self._url = f"{address}/api/annotations"
        self._page_url = page_url

    def publish(self, incident: Incident) -> str:
        """Returns when Grafana has stored the region. Raises Unavailable, Denied, Rejected."""
        token = secret_in(self._token_file)
        outlet = Outlet(
            service="Grafana",
            url=self._url,
            remedy=REMEDY,
            secrets=(token,),
            headers={"Authorization": f"Bearer {token}"},
        )
        region = self.preview(incident)
        known = _ours(_found(outlet, incident), _began(incident))
        if known is None:
            outlet.call("POST", "", region)
        else:
            # Its beginning stays: what ends between rollouts is told without it.
            outlet.call("PATCH", f"/{known.id}", {k: v for k, v in region.items() if k != "time"})
        return f"Grafana annotation {mark_of(incident)}"

    def preview(self, incident: Incident) -> dict[str, object]:
        """The region as it is created."""
        case = incident.case
        tags = ("rollbackd", mark_of(incident), case.namespace, case.spec.workload, case.phase.value)
        return {
            "time": _milliseconds(_began(incident) or incident.at),
            "timeEnd": _milliseconds(incident.at),
            "tags": list(dict.fromkeys(tag[:LONGEST_TAG] for tag in tags)),
            "text": self._text(incident),
        }

    def _text(self, incident: Incident) -> str:
        page = page_of(incident, self._page_url)
        lines = [incident.title, incident.reason, "" if _is_later(incident) else _moments(incident)]
        said = without_tags("\n".join(line for line in lines if line), LONGEST_TEXT)
        return f"{said}\n{page}" if page else said


def _is_later(incident: Incident) -> bool:
    """Whether it is about what befell the workload when its rollout was over."""
    finished = incident.case.status.finished_at
    return finished is not None and incident.at > finished


def _began(incident: Incident) -> datetime | None:
    """When the region begins; ``None`` where it is the newest that there is."""
    if not _is_later(incident):
        return incident.case.spec.started_at
    trouble = incident.case.status.trouble
    return trouble.since if trouble is not None else None


def _ours(found: list[_Found], began: datetime | None) -> _Found | None:
    if began is None:
        return max(found, key=lambda each: each.time, default=None)
    return next((each for each in found if each.time == _milliseconds(began)), None)


def _found(outlet: Outlet, incident: Incident) -> list[_Found]:
    """The regions that there are of the case."""
    query = {"type": "annotation", "tags": mark_of(incident)[:LONGEST_TAG], "limit": "100"}
    return outlet.read(outlet.call("GET", query=query), lambda listed: msgspec.convert(listed, list[_Found]))


def _moments(incident: Incident) -> str:
    """E.g. ``released 10:00:00, failing 10:01:10, rolled back 10:01:12, recovered 10:02:00 UTC``."""
    spec, status = incident.case.spec, incident.case.status
    ended = "recovered" if incident.case.phase is Phase.ROLLED_BACK else "over"
    told = {
        "changed" if spec.in_place else "released": spec.started_at,
        "failing": status.failing_at,
        "rolled back": status.patched_at,
        ended: status.finished_at,
    }
    said = ", ".join(f"{what} {at:%H:%M:%S}" for what, at in told.items() if at is not None)
    return f"{said} UTC"


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
