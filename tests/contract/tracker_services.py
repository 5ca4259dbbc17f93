"""GitHub, GitLab and Jira, as their documents say they behave."""

from __future__ import annotations

import base64
import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from werkzeug import Request, Response

from daemon.adapters.incidents.github import GitHubSink
from daemon.adapters.incidents.gitlab import GitLabSink
from daemon.adapters.incidents.jira import JiraSink
from daemon.ports import IncidentSink
from tests.contract.service import Place, Service, given

Body = Mapping[str, Any]


class Tracker(Service):
    """``made`` are the paths of all requests that changed something."""

    root: str
    newest_first = False
    """How it lists comments."""
    asked: Mapping[str, str] = {}
    """The query of the last request."""

    def answer(self, request: Request, body: Body) -> Response:
        if not self.knows(request):
            return given({"message": "Bad credentials"}, 401)
        # With what is escaped in it: GitLab's projects have a slash in their name.
        path = str(request.environ["RAW_URI"]).partition("?")[0]
        found = re.fullmatch(re.escape(self.root) + r"(?:/([\w-]+))?(?:/(\w+))?", path)
        if found is None:
            return self.elsewhere(request, body)
        number, what = found.groups()
        self.asked = request.args
        if number is None:
            return self.make(body) if request.method == "POST" else given([*map(self.issue, self.places)])
        place = next((each for each in self.places if each.id == number), None)
        if place is None:
            return self.lost()
        if what is None:
            return (
                self.change(place, body) if request.method in {"PATCH", "PUT"} else given(self.issue(place))
            )
        return self.under(place, what, request.method, body)

    def under(self, place: Place, what: str, method: str, body: Body) -> Response:
        """Comments."""
        if method == "POST":
            place.messages.append(body["body"])
            return given({}, 201)
        return given([{"body": text} for text in self.page(place.messages[1:])])

    def page(self, texts: list[str]) -> list[str]:
        """A hundred at most, whatever is asked for."""
        size = min(100, int(self.asked.get("per_page", 30)))
        first = size * (int(self.asked.get("page", 1)) - 1)
        return (texts[::-1] if self.newest_first else texts)[first : first + size]

    def new(self, title: str, text: str, labels: tuple[str, ...] = ()) -> Place:
        place = Place(id=self.name_of(len(self.seen)), title=title, messages=[text], labels=labels)
        self.places.append(place)
        return place

    def name_of(self, number: int) -> str:
        return str(number)

    def lost(self) -> Response:
        return given({"message": "Not Found"}, 404)

    def elsewhere(self, request: Request, body: Body) -> Response:
        return self.lost()

    @abstractmethod
    def knows(self, request: Request) -> bool: ...

    @abstractmethod
    def issue(self, place: Place) -> Body: ...

    @abstractmethod
    def make(self, body: Body) -> Response: ...

    @abstractmethod
    def change(self, place: Place, body: Body) -> Response: ...


class GitHubService(Tracker):
    root = "/repos/shop/ops/issues"

    def sink(self) -> IncidentSink:
        return GitHubSink(self.secret, ["shop/ops", "shop/second"], labels=["incident"], address=self.address)

    def knows(self, request: Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.key}"

    def lost(self) -> Response:
        return given({"message": "This issue was deleted"}, 410)

    def issue(self, place: Place) -> Body:
        return {
            "number": int(place.id),
            "html_url": f"https://github.example/shop/ops/issues/{place.id}",
            # As GitHub gives back what was written in its page.
            "body": place.messages[0].replace("\n", "\r\n"),
            "state": "closed" if place.closed else "open",
        }

    def make(self, body: Body) -> Response:
        return given(self.issue(self.new(body["title"], body["body"], tuple(body["labels"]))), 201)

    def change(self, place: Place, body: Body) -> Response:
        place.title = body.get("title", place.title)
        place.messages[0] = body.get("body", place.messages[0])
        place.closed = body.get("state", "closed" if place.closed else "open") == "closed"
        return given(self.issue(place))


class GitLabService(Tracker):
    root = "/api/v4/projects/shop%2Fops/issues"
    newest_first = True

    def sink(self) -> IncidentSink:
        return GitLabSink(self.secret, ["shop/ops"], labels=["incident"], address=self.address)

    def knows(self, request: Request) -> bool:
        return request.headers.get("PRIVATE-TOKEN") == self.key

    def issue(self, place: Place) -> Body:
        return {
            "iid": int(place.id),
            "web_url": f"{self.address}/shop/ops/-/work_items/{place.id}",
            "description": place.messages[0],
            "state": "closed" if place.closed else "opened",
        }

    def make(self, body: Body) -> Response:
        place = self.new(body["title"], body["description"], tuple(body["labels"].split(",")))
        return given(self.issue(place), 201)

    def change(self, place: Place, body: Body) -> Response:
        place.title = body.get("title", place.title)
        place.messages[0] = body.get("description", place.messages[0])
        place.closed = {"close": True, "reopen": False}.get(body.get("state_event", ""), place.closed)
        return given(self.issue(place))


class JiraService(Tracker):
    """``transitions`` lead out of the open status: id and the category of the status that each leads to."""

    root = "/rest/api/2/issue"
    searched: str
    transitions: tuple[tuple[str, str], ...] = (("11", "indeterminate"), ("31", "done"))

    def name_of(self, number: int) -> str:
        return f"OPS-{number}"

    def issue(self, place: Place) -> Body:
        status = {"statusCategory": {"key": "done" if place.closed else "new"}}
        return {"key": place.id, "fields": {"description": place.messages[0], "status": status}}

    def make(self, body: Body) -> Response:
        asked = body["fields"]
        place = self.new(asked["summary"], asked["description"], tuple(asked["labels"]))
        return given({"id": "10000", "key": place.id, "self": f"{self.address}{self.root}/10000"}, 201)

    def change(self, place: Place, body: Body) -> Response:
        place.title = body["fields"]["summary"]
        place.messages[0] = body["fields"]["description"]
        return Response(status=204)

    def under(self, place: Place, what: str, method: str, body: Body) -> Response:
        if what == "transitions" and method == "POST":
            place.closed = dict(self.transitions)[body["transition"]["id"]] == "done"
            return Response(status=204)
        if what == "transitions":
            there = [{"id": i, "to": {"statusCategory": {"key": key}}} for i, key in self.transitions]
            return given({"transitions": there})
        if method == "POST":
            return super().under(place, what, method, body)
        return given({"comments": [{"body": text} for text in place.messages[1:]]})

    def elsewhere(self, request: Request, body: Body) -> Response:
        if request.path != self.searched:
            return given({"errorMessages": ["The requested API has been removed."]}, 410)
        (label,) = re.findall(r'labels = "([^"]+)"', request.args["jql"])
        return given({"issues": [self.issue(place) for place in self.places if label in place.labels]})


class JiraCloudService(JiraService):
    searched = "/rest/api/2/search/jql"
    email = "ops@shop.example"

    def sink(self) -> IncidentSink:
        return JiraSink(self.address, self.secret, ["OPS"], email=self.email)

    def knows(self, request: Request) -> bool:
        basic = base64.b64encode(f"{self.email}:{self.key}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {basic}"


class JiraServerService(JiraService):
    searched = "/rest/api/2/search"

    def sink(self) -> IncidentSink:
        return JiraSink(self.address, self.secret, ["OPS"])

    def knows(self, request: Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.key}"
