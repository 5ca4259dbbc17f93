"""Links by which a person decides: for one case as it was told of, for one action, for a time, and once."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Instruction, Phase
from daemon.core.case.edits import change
from daemon.core.case.guards.guard import ANNOUNCEMENT, Refusal
from daemon.presentation.action_links import GOOD_FOR, Action, ActionLinks, LinkProof
from tests.unit.web import samples

NOW = samples.at(1300)
CASE = samples.awaiting()


def links(key: bytes = b"0123456789abcdef") -> ActionLinks:
    return ActionLinks(page_url="https://rollbackd.example", key=lambda: key)


def gone() -> bytes:
    raise FileNotFoundError(2, "No such file or directory")


def proof(case: Case = CASE, action: Action = "approve") -> LinkProof:
    [address] = [link.address for link in links().of(case, NOW) if f"do={action}&" in link.address]
    page, _, fragment = address.partition("#")
    assert page == "https://rollbackd.example/", "nothing of it is sent to a server by who only looks"
    place, _, query = fragment.partition("?")
    assert place == f"/cases/{case.namespace}/{case.name}"
    given = parse_qs(query)
    return LinkProof(until=int(given["until"][0]), signature=given["sig"][0])


def objection(case: Case, found: LinkProof, action: Action = "approve", now: datetime = NOW) -> str:
    return links().objection(case, action, found, now)


@pytest.mark.parametrize("action", ["approve", "hold"])
def test_a_link_is_good_for_what_its_message_told_of(action: Action) -> None:
    assert objection(CASE, proof(action=action), action) == ""
    later = NOW + timedelta(seconds=GOOD_FOR - 1)
    assert objection(CASE, proof(action=action), action, later) == ""


def test_no_link_is_good_for_anything_else() -> None:
    found = proof()
    assert CASE.status.target is not None
    other_target = replace(CASE.status.target, number=1, replica_set_uid="another")
    for case in (
        replace(CASE, uid="another"),
        replace(CASE, name="another"),
        change(CASE, phase=Phase.HELD),
        change(CASE, target=other_target),
    ):
        assert "not for the case as it is now" in objection(case, found)
    assert "not for the case as it is now" in objection(CASE, found, "hold")
    assert "not for the case as it is now" in objection(CASE, replace(found, until=found.until + 60))
    assert "not for the case as it is now" in links(b"another key, as long").objection(
        CASE, "approve", found, NOW
    )
    assert "too old" in objection(CASE, found, now=NOW + timedelta(seconds=GOOD_FOR))


def test_whatever_is_decided_ends_every_link_at_once() -> None:
    held = Instruction(action="hold", by="anna", at=NOW)
    decided = replace(CASE, spec=replace(CASE.spec, instruction=held))
    assert "it was used, something was decided since" in objection(decided, proof())
    assert objection(decided, proof(decided)) == "", "a message after it has a link of its own"


def test_there_are_links_only_where_a_person_is_waited_for() -> None:
    assert [link.words for link in links().of(CASE, NOW)] == ["Approve the rollback", "Hold"]
    held = change(CASE, phase=Phase.HELD)
    assert [link.words for link in links().of(held, NOW)] == ["Approve the rollback"]
    refusal = Refusal(guard=ANNOUNCEMENT, reason="", until=NOW)
    assert len(links().of(change(held, refusal=refusal), NOW)) == 2, "an announced one can be held"
    assert links().of(change(CASE, target=None), NOW) == ()
    for phase in (Phase.FAILING, Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.HEALTHY, Phase.UNRECOVERED):
        assert links().of(change(CASE, phase=phase), NOW) == ()


def test_without_the_key_messages_have_none_and_none_is_good() -> None:
    lost = ActionLinks(page_url="https://rollbackd.example", key=gone)
    assert lost.of(CASE, NOW) == ()
    assert "web.link_key_file) cannot be read" in lost.objection(CASE, "approve", proof(), NOW)
