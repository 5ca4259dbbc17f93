"""How a run's record is judged, by which `make e2e` holds that the chart grants no more than is used."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rights import Asked, Right, amiss, asked, refusals, rights_of

USER = "system:serviceaccount:rollbackd:process-rollbackd"
LIST, EXEC = Right("", "pods", "list"), Right("", "pods/exec", "get")


def event(at: str, **more: Any) -> str:
    of = {"resource": "pods", "namespace": "shop", "apiVersion": "v1"}
    common = {"verb": "list", "user": {"username": USER}, "objectRef": of, "responseStatus": {"code": 200}}
    return json.dumps({"requestReceivedTimestamp": at, **common, **more}) + "\n"


def test_the_record_is_read_from_a_time_on(tmp_path: Path) -> None:
    exec_of = {"resource": "pods", "subresource": "exec", "namespace": "shop"}
    forbidden = {"code": 403, "message": "pods is forbidden"}
    log = tmp_path / "audit.jsonl"
    log.write_text(
        event("2026-11-27T07:59:59.999999Z")
        + event("2026-11-27T08:00:00.000000Z")
        + event("2026-11-27T08:00:01.000000Z", objectRef=None, verb="get")
        + event("2026-11-27T08:00:02.000000Z", verb="get", objectRef=exec_of, responseStatus=forbidden)
        + event("2026-11-27T08:00:03.000000Z")[:40]
    )
    assert list(asked(log, datetime(2026, 11, 27, 8, tzinfo=UTC))) == [
        Asked(USER, LIST, "shop", 200),
        Asked(USER, EXEC, "shop", 403, "pods is forbidden"),
    ]


def test_only_what_is_bound_to_the_daemon_is_granted_to_it() -> None:
    def role(name: str, verb: str) -> dict[str, Any]:
        rule = {"apiGroups": [""], "resources": ["pods", "pods/exec"], "verbs": [verb]}
        return {"kind": "Role", "metadata": {"name": name}, "rules": [rule]}

    ref = {"kind": "Role", "name": "daemon"}
    binding = {"kind": "RoleBinding", "roleRef": ref, "subjects": [{"namespace": "rollbackd"}]}
    theirs = {**binding, "roleRef": {"kind": "Role", "name": "people"}, "subjects": [{"kind": "Group"}]}
    found = rights_of([role("daemon", "get"), role("people", "delete"), binding, theirs], "rollbackd")
    assert found == {Right("", "pods", "get"), EXEC}


def test_a_refusal_is_told_once_unless_a_story_is_about_it() -> None:
    record = [Asked(USER, EXEC, name, 403, "no") for name in ("denied", "shop", "shop")]
    record.append(Asked(USER, LIST, "shop", 404, "no such thing"))
    [found] = refusals(record, {("denied", "pods/exec")})
    assert found == f"get pods/exec in shop, asked by {USER}: no"


@pytest.mark.parametrize(
    ("code", "excused", "found"),
    [
        (200, {}, []),
        (404, {}, []),
        (403, {}, ["granted and never used: list pods"]),
        (403, {LIST: "reason"}, []),
        (200, {LIST: "reason"}, ["excused, and used: list pods"]),
        (200, {EXEC: "reason"}, ["excused, and never granted: get pods/exec"]),
    ],
)
def test_each_right_is_used_or_excused(code: int, excused: dict[Right, str], found: list[str]) -> None:
    assert amiss({LIST}, [Asked(USER, LIST, "shop", code)], excused) == found
