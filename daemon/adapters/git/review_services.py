"""What GitHub, GitLab and Gitea call a request to merge a branch, and how each is asked for one.

GitHub: docs.github.com/en/rest/pulls/pulls. GitLab: docs.gitlab.com/api/merge_requests. Gitea (and Forgejo):
its ``/api/swagger``, ``repoGetPullRequestByBaseHead`` and ``repoCreatePullRequest``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from daemon.core.value import Value

ServiceName = Literal["github", "gitlab", "gitea"]


class Proposal(Value, frozen=True):
    """Merge the branch ``head`` into ``base``."""

    head: str
    base: str
    title: str
    body: str


class Found(Value, frozen=True):
    """A request that there is, and what became of it."""

    url: str
    state: Literal["open", "merged", "closed"]


class Service(Value, frozen=True):
    """One service's words. Paths are relative to the API's address; ``read`` raises KeyError, TypeError or
    ValueError for an answer that is not the service's."""

    title: str
    headers: Callable[[str], Mapping[str, str]]
    """Of a token."""
    lookup: Callable[[str, str, str], str]
    """Project, head and base → the path with the requests of that head, in whatever state."""
    create: Callable[[str, Proposal], tuple[str, Mapping[str, str]]]
    read: Callable[[Any], Found]
    exists: int
    """The status of a second request for the same head."""
    single: bool = False
    """Whether the lookup answers with one request or 404, and not with a list."""


def _github_headers(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


def _github_lookup(project: str, head: str, base: str) -> str:
    owner = project.partition("/")[0]
    return f"/repos/{quote(project)}/pulls?" + urlencode(
        {"state": "all", "head": f"{owner}:{head}", "base": base, "per_page": "10"}
    )


def _pull_request(project: str, proposal: Proposal) -> tuple[str, dict[str, str]]:
    body = {"head": proposal.head, "base": proposal.base, "title": proposal.title, "body": proposal.body}
    return f"/repos/{quote(project)}/pulls", body


def _github_read(answer: Any) -> Found:
    if answer["merged_at"]:
        return Found(url=_url(answer["html_url"]), state="merged")
    return Found(url=_url(answer["html_url"]), state=_state(answer["state"]))


def _gitlab_lookup(project: str, head: str, base: str) -> str:
    query = urlencode({"state": "all", "source_branch": head, "target_branch": base, "per_page": "10"})
    return f"/projects/{quote(project, safe='')}/merge_requests?{query}"


def _gitlab_create(project: str, proposal: Proposal) -> tuple[str, dict[str, str]]:
    body = {
        "source_branch": proposal.head,
        "target_branch": proposal.base,
        "title": proposal.title,
        "description": proposal.body,
    }
    return f"/projects/{quote(project, safe='')}/merge_requests", body


def _gitlab_read(answer: Any) -> Found:
    # Locked: it is being merged at this moment.
    state = {"opened": "open", "locked": "open"}.get(answer["state"], answer["state"])
    return Found(url=_url(answer["web_url"]), state=_state(state))


def _gitea_lookup(project: str, head: str, base: str) -> str:
    return f"/repos/{quote(project)}/pulls/{quote(base, safe='')}/{quote(head)}"


def _gitea_read(answer: Any) -> Found:
    if answer["merged"]:
        return Found(url=_url(answer["html_url"]), state="merged")
    return Found(url=_url(answer["html_url"]), state=_state(answer["state"]))


def _state(word: object) -> Literal["open", "merged", "closed"]:
    match word:
        case "open" | "merged" | "closed":
            return word
        case _:
            raise ValueError(f"{word!r} is no state of a request")


def _url(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")) or len(value) > 500:
        raise ValueError("this is no address of a request")
    return value


SERVICES: Final[Mapping[str, Service]] = {
    "github": Service(
        title="GitHub",
        headers=_github_headers,
        lookup=_github_lookup,
        create=_pull_request,
        read=_github_read,
        exists=HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    "gitlab": Service(
        title="GitLab",
        headers=lambda token: {"PRIVATE-TOKEN": token},
        lookup=_gitlab_lookup,
        create=_gitlab_create,
        read=_gitlab_read,
        exists=HTTPStatus.CONFLICT,
    ),
    "gitea": Service(
        title="Gitea",
        headers=lambda token: {"Authorization": f"token {token}"},
        lookup=_gitea_lookup,
        create=_pull_request,
        read=_gitea_read,
        exists=HTTPStatus.CONFLICT,
        single=True,
    ),
}
