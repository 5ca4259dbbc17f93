"""Grafana, as its document says that it behaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug import Request, Response

from daemon.adapters.incidents.grafana import GrafanaSink
from daemon.ports import IncidentSink
from tests.contract.service import Place, Service, given

ROOT = "/api/annotations"


class GrafanaService(Service):
    """An annotation has a time, an end, a text and tags; those of a query must all be there."""

    def sink(self) -> IncidentSink:
        return GrafanaSink(self.secret, address=self.address, page_url="https://page.example")

    @property
    def regions(self) -> list[tuple[int, int]]:
        """In milliseconds."""
        return [(place.metadata[-1]["time"], place.metadata[-1]["timeEnd"]) for place in self.places]

    def answer(self, request: Request, body: Mapping[str, Any]) -> Response:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return given({"message": "Invalid API key"}, 401)
        if request.path == ROOT and request.method == "GET":
            return given(self._find(request))
        if request.path == ROOT and request.method == "POST":
            place = Place(id=str(len(self.seen)))
            self.places.append(place)
            _store(place, {"timeEnd": body["time"], **body})
            return given({"message": "Annotation added", "id": int(place.id)})
        place_id = request.path.removeprefix(f"{ROOT}/")
        known = next((each for each in self.places if each.id == place_id), None)
        if known is None or request.method != "PATCH":
            return given({"message": "Annotation not found"}, 404)
        _store(known, {**known.metadata[-1], **body})
        return given({"message": "Annotation patched"})

    def _find(self, request: Request) -> list[dict[str, Any]]:
        asked, limit = set(request.args.getlist("tags")), int(request.args.get("limit", 100))
        found = [place for place in self.places if asked <= set(place.labels)]
        # The newest first.
        found.sort(key=lambda place: place.metadata[-1]["timeEnd"], reverse=True)
        return [{"id": int(place.id), "alertId": 0, **place.metadata[-1]} for place in found[:limit]]


def _store(place: Place, annotation: Mapping[str, Any]) -> None:
    """The state of an annotation is its newest."""
    place.metadata[:] = [annotation]
    place.messages[:] = [annotation["text"]]
    place.labels = tuple(annotation["tags"])
