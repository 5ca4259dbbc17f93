"""A request to merge at GitHub, GitLab and Gitea: opened once, found again, refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from daemon.adapters.git.review_services import SERVICES, Found, Proposal
from daemon.adapters.git.reviews import Reviews
from daemon.ports import Denied, Missing, PortError, Rejected, Unavailable
from daemon.settings.overlay_review import ReviewSettings
from tests.review_server import PROJECT, TOKEN, ReviewServer, reviewing

HEAD, BASE = "rollbackd/production/cart-r2-0a1b2c3d-1", "main"
PROPOSAL = Proposal(head=HEAD, base=BASE, title="Set cart back to v1", body="Case shop/cart: 12 % errors")


@pytest.fixture(params=sorted(SERVICES))
def server(request: pytest.FixtureRequest) -> Iterator[ReviewServer]:
    with reviewing(request.param) as found:
        yield found


@pytest.fixture
def reviews(server: ReviewServer, tmp_path: Path) -> Reviews:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    return Reviews(name=server.service, api=server.api, project=PROJECT, token_file=token)  # type: ignore[arg-type]


def test_it_is_opened_once_and_found_by_its_branch(server: ReviewServer, reviews: Reviews) -> None:
    assert reviews.find(HEAD, BASE) is None
    made = reviews.propose(PROPOSAL)
    assert (made.state, made.url.startswith(server.address)) == ("open", True)
    assert reviews.find(HEAD, BASE) == made
    assert reviews.propose(PROPOSAL) == made, "it is there already"
    [one] = server.requests
    assert (one.title, one.body) == (PROPOSAL.title, PROPOSAL.body)
    assert reviews.find("rollbackd/production/other", BASE) is None


def test_an_answer_that_was_lost_is_found_again(server: ReviewServer, reviews: Reviews) -> None:
    server.lose_answer = True
    with pytest.raises(Unavailable, match="does not answer"):
        reviews.propose(PROPOSAL)
    assert reviews.propose(PROPOSAL).state == "open"
    assert len(server.requests) == 1


@pytest.mark.parametrize("state", ["merged", "closed"])
def test_what_people_decided_is_read(server: ReviewServer, reviews: Reviews, state: str) -> None:
    made = reviews.propose(PROPOSAL)
    server.requests[0].state = state
    assert reviews.find(HEAD, BASE) == Found(url=made.url, state=state)  # type: ignore[arg-type]


def test_a_project_that_is_not_there_is_named(reviews: Reviews) -> None:
    lost = replace(reviews, project="platform/nowhere")
    with pytest.raises(Missing, match="project platform/nowhere"):
        lost.propose(PROPOSAL)


def test_a_token_is_read_anew_and_never_repeated(server: ReviewServer, reviews: Reviews) -> None:
    server.accepts = "renewed"
    with pytest.raises(Denied, match=r"answered 401 .*: renew the token in") as caught:
        reviews.find(HEAD, BASE)
    assert TOKEN not in str(caught.value)
    reviews.token_file.write_text("renewed")
    assert reviews.find(HEAD, BASE) is None
    reviews.token_file.write_text("")
    with pytest.raises(Denied, match="is empty"):
        reviews.find(HEAD, BASE)


REFUSALS: list[tuple[int, Any, Mapping[str, str], type[PortError], str]] = [
    (403, {"message": "Resource not accessible"}, {}, Denied, "let the token's account read and open"),
    (403, {"message": "rate limit"}, {"X-RateLimit-Remaining": "0"}, Unavailable, "takes no more for now"),
    (429, {"message": "Too many"}, {"Retry-After": "60"}, Unavailable, "takes no more for 60 s"),
    (429, "", {}, Unavailable, "answered 429"),
    (500, f"<html>{TOKEN}</html>", {}, Unavailable, "it is out of order"),
    (503, {"message": f"token {TOKEN}"}, {}, Unavailable, "token …"),
    (400, {"message": "bad branch"}, {}, Rejected, "bad branch"),
    (301, "", {"Location": "http://127.0.0.1:1/"}, Rejected, "redirects are not followed"),
    (200, "<html>a proxy's page</html>", {}, Unavailable, "answers what is not its API"),
    (200, {"number": 1}, {}, Unavailable, "answers what is not its API"),
]


@pytest.mark.parametrize(("status", "body", "headers", "error", "said"), REFUSALS)
def test_each_refusal_is_one_sentence(
    server: ReviewServer,
    reviews: Reviews,
    status: int,
    body: Any,
    headers: Mapping[str, str],
    error: type[PortError],
    said: str,
) -> None:
    asks: list[Callable[[], object]] = [
        lambda: reviews.find(HEAD, BASE),
        lambda: reviews.propose(PROPOSAL),
    ]
    for ask in asks:
        server.forced = [(status, body, headers)]
        with pytest.raises(error) as caught:
            ask()
        assert said in str(caught.value)
        assert TOKEN not in str(caught.value)
        assert str(reviews) in str(caught.value)
        if isinstance(caught.value, Unavailable):
            assert caught.value.wait == float(headers.get("Retry-After", 0))


def test_a_request_that_the_service_does_not_open_is_refused_with_its_words(
    server: ReviewServer, reviews: Reviews
) -> None:
    server.forced = [(SERVICES[server.service].exists, {"message": "no commits between main and it"}, {})]
    with pytest.raises(Rejected, match="no commits between main and it"):
        reviews.propose(PROPOSAL)


def test_a_server_that_is_not_there_is_asked_again_later(reviews: Reviews) -> None:
    away = replace(reviews, api="http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="does not answer"):
        away.find(HEAD, BASE)


@pytest.mark.parametrize(
    ("service", "url", "api", "project"),
    [
        ("github", "https://github.com/platform/infra.git", "https://api.github.com", PROJECT),
        ("github", "https://ghe.example/platform/infra", "https://ghe.example/api/v3", PROJECT),
        ("gitlab", "https://gl.example/a/b/c.git", "https://gl.example/api/v4", "a/b/c"),
        ("gitea", "http://gitea:3000/platform/infra.git", "http://gitea:3000/api/v1", PROJECT),
    ],
)
def test_the_api_follows_from_the_repositorys_address(service: str, url: str, api: str, project: str) -> None:
    chosen = ReviewSettings.model_validate({"service": service})
    assert (chosen.api_of(url), chosen.project_of(url)) == (api, project)
