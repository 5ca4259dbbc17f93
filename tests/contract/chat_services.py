"""Slack, Microsoft Teams and Opsgenie, as their documents say they behave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug import Request, Response

from daemon.adapters.incidents.opsgenie import OpsgenieSink
from daemon.adapters.incidents.slack import SlackSink, SlackWebhookSink
from daemon.adapters.incidents.teams import TeamsSink
from daemon.ports import IncidentSink
from tests.contract.service import Place, Service, given

CHANNEL = "C024BE91L"


class SlackService(Service):
    """``error`` is what every method answers, ``blind`` whether the app may not read the channel."""

    error = ""
    blind = False

    def sink(self) -> IncidentSink:
        return SlackSink(self.secret, [CHANNEL, "#second"], address=f"{self.address}/api")

    def answer(self, request: Request, body: Mapping[str, Any]) -> Response:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return given({"ok": False, "error": "invalid_auth"})
        if self.error:
            return given({"ok": False, "error": self.error})
        match request.path:
            case "/api/chat.postMessage":
                return self._post(body)
            case "/api/conversations.history" | "/api/conversations.replies" if self.blind:
                return given({"ok": False, "error": "missing_scope", "needed": "channels:history"})
            case "/api/conversations.history":
                return given({"ok": True, "messages": [_message(place, 0) for place in self.places]})
            case "/api/conversations.replies":
                found = [place for place in self.places if place.id == request.args["ts"]]
                if not found:
                    return given({"ok": False, "error": "thread_not_found"})
                (place,) = found
                return given(
                    {"ok": True, "messages": [_message(place, n) for n in range(len(place.messages))]}
                )
            case _:
                return given({"ok": False, "error": "unknown_method"})

    def _post(self, body: Mapping[str, Any]) -> Response:
        ts = f"15034359{len(self.seen):02}.000{len(self.seen):03}"
        place = next((each for each in self.places if each.id == body.get("thread_ts")), None)
        if place is None:
            place = Place(id=ts)
            self.places.append(place)
        place.messages.append(json.dumps(body["blocks"], ensure_ascii=False) + body["text"])
        place.metadata.append(body["metadata"])
        return given({"ok": True, "channel": body["channel"], "ts": ts})


def _message(place: Place, number: int) -> Mapping[str, Any]:
    return {"ts": place.id, "text": place.messages[number], "metadata": place.metadata[number]}


class SlackWebhookService(Service):
    """An incoming webhook: it keeps, and tells nothing."""

    def sink(self) -> IncidentSink:
        self.secret.write_text(f"{self.address}/services/T0/B0/{self.key}")
        return SlackWebhookSink(self.secret)

    def answer(self, request: Request, body: Mapping[str, Any]) -> Response:
        self.places.append(Place(id="message", messages=[json.dumps(body, ensure_ascii=False)]))
        return Response("ok")


class TeamsService(Service):
    """The webhook of a workflow."""

    def sink(self) -> IncidentSink:
        self.secret.write_text(f"{self.address}/workflows/7f/triggers/manual/paths/invoke?sig={self.key}")
        return TeamsSink({"ops": self.secret})

    def answer(self, request: Request, body: Mapping[str, Any]) -> Response:
        if request.content_length is None or request.content_length > 28 * 1024:
            return Response(status=413)
        card = body["attachments"][0]["content"]
        texts = [run["text"] for block in card["body"] for run in block["inlines"]]
        self.places.append(Place(id="card", messages=["\n".join(texts)]))
        return Response(status=202)


class OpsgenieService(Service):
    """An alert that is open is counted when it is created again, and no more."""

    def sink(self) -> IncidentSink:
        return OpsgenieSink(self.secret, address=self.address)

    def answer(self, request: Request, body: Mapping[str, Any]) -> Response:
        if request.headers.get("Authorization") != f"GenieKey {self.key}":
            return given({"message": "Could not authenticate"}, 401)
        path = request.path.removeprefix("/v2/alerts").strip("/").split("/")
        alias = body.get("alias") or path[0]
        place = next((each for each in self.places if each.id == alias and not each.closed), None)
        if path == [""] and place is None:
            place = Place(id=alias, title=body["message"], messages=[body["description"]])
            self.places.append(place)
        elif place is not None and path[1:] == ["description"]:
            place.messages = [body["description"]]
        elif place is not None and path[1:] == ["message"]:
            place.title = body["message"]
        elif place is not None and path[1:] == ["close"]:
            place.closed = True
        return given({"result": "Request will be processed"}, 202)
