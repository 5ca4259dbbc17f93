"""What the sinks of services promise beyond the contract of every sink: one place for a case, kept over a
restart; nothing of the cluster is markup; a secret goes to its own host alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from werkzeug import Response

from daemon.core.case.incident import Stage
from daemon.ports import Denied, PortError, Rejected, Unavailable
from tests.contract.chat_services import SlackService
from tests.contract.samples import incident
from tests.contract.service import Service
from tests.contract.services import TWINS
from tests.contract.tracker_services import JiraServerService

UID = "3d1f7c1e-5f0e-4d0a-9a86-0f6f0c1b2a3d"
STAGES: tuple[Stage, ...] = ("opened", "updated", "closed")
FORGETFUL = {"slack webhook", "teams"}
"""They take what they are given and tell nothing of it."""
ENDLESS = {"slack", "grafana"}
"""What they keep is never closed."""
TRACKERS = ["github", "gitlab", "jira cloud", "jira server"]
PLACES = ["slack", *TRACKERS]
"""Where a case has a place that is known again by its reference."""
Services = Callable[[str], Service]
remembering = pytest.mark.parametrize("name", sorted(set(TWINS) - FORGETFUL))


def told(service: Service, *stages: Stage, uid: str = UID, reference: str = "") -> str:
    """The stages, each by a daemon that was started anew and has the reference from the case."""
    for stage in stages:
        reference = service.sink().publish(replace(incident(stage, uid), reference=reference))
    return reference


@remembering
def test_all_stages_of_a_case_are_in_one_place_over_restarts(service_of: Services, name: str) -> None:
    service = service_of(name)
    told(service, *STAGES)
    (place,) = service.places
    assert place.closed or name in ENDLESS
    told(service, "opened", uid="another")
    assert len(service.places) == 2


@remembering
def test_what_was_told_before_a_crash_is_not_told_twice(service_of: Services, name: str) -> None:
    """The outcome was not stored, so that neither it nor its reference is known."""
    service, reference = service_of(name), ""
    for stage in STAGES:
        before = reference
        reference = told(service, stage, reference=before)
        shown = [*service.shown]
        assert told(service, stage, reference=before) == reference
        if name == "opsgenie" and stage == "closed":
            continue
        assert service.shown == shown


@pytest.mark.parametrize("name", PLACES)
def test_a_place_that_somebody_deleted_is_made_again(service_of: Services, name: str) -> None:
    service = service_of(name)
    reference = told(service, "opened")
    service.delete()
    second = told(service, "updated", reference=reference)
    assert second != reference
    told(service, "closed", reference=second)
    assert len(service.places) == 1


@pytest.mark.parametrize("name", TRACKERS)
def test_what_people_wrote_into_a_ticket_stays(service_of: Services, name: str) -> None:
    service = service_of(name)
    reference = told(service, "opened")
    (place,) = service.places
    place.messages[0] = f"Ours.\n{place.messages[0]}\nRoot cause: https://wiki.example/rca-7"
    told(service, "updated", "closed", reference=reference)
    text = place.messages[0]
    assert text.startswith("Ours.")
    assert text.endswith("Root cause: https://wiki.example/rca-7")
    assert text.count("rollbackd: to here") == 1


@pytest.mark.parametrize("name", TRACKERS)
def test_a_text_that_people_replaced_is_left_alone(service_of: Services, name: str) -> None:
    service = service_of(name)
    reference = told(service, "opened")
    (place,) = service.places
    place.messages[0] = "rewritten by hand"
    told(service, "updated", reference=reference)
    assert place.messages[0] == "rewritten by hand"
    assert len(place.messages) == 2


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_a_ticket_that_was_closed_is_opened_when_the_incident_is_again(
    service_of: Services, name: str
) -> None:
    service = service_of(name)
    reference = told(service, *STAGES)
    told(service, "opened", reference=reference)
    (place,) = service.places
    assert not place.closed


def test_a_workflow_that_cannot_be_closed_is_said(service_of: Services) -> None:
    service = service_of("jira server")
    assert isinstance(service, JiraServerService)
    service.transitions = (("11", "indeterminate"),)
    with pytest.raises(Rejected, match=r"stays open: its workflow has no transition .* close it by hand"):
        told(service, *STAGES)
    assert len(service.places[0].messages) == 3


def test_an_app_that_may_not_read_the_channel_still_answers_in_the_thread(service_of: Services) -> None:
    service = service_of("slack")
    assert isinstance(service, SlackService)
    service.blind = True
    told(service, *STAGES)
    (place,) = service.places
    assert len(place.messages) == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("ratelimited", Unavailable),
        ("internal_error", Unavailable),
        ("invalid_auth", Unavailable),
        ("token_revoked", Denied),
        ("account_inactive", Denied),
        ("is_archived", Denied),
        ("channel_not_found", Denied),
        ("not_in_channel", Denied),
        ("msg_too_long", Rejected),
    ],
)
def test_what_slack_refuses_with_200_is_told_apart(
    service_of: Services, error: str, kind: type[PortError]
) -> None:
    service = service_of("slack")
    assert isinstance(service, SlackService)
    service.error = error
    with pytest.raises(kind, match=f"Slack refuses: {error}: "):
        told(service, "opened")


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("slack webhook", 404, Denied),
        ("slack webhook", 410, Denied),
        ("teams", 404, Denied),
        ("teams", 410, Denied),
        ("github", 404, Denied),
        ("github", 410, Denied),
        ("github", 422, Rejected),
        ("gitlab", 404, Denied),
        ("jira cloud", 400, Rejected),
        ("opsgenie", 422, Rejected),
    ],
)
def test_what_a_person_can_change_is_told_from_what_is_wrong(
    service_of: Services, name: str, status: int, kind: type[PortError]
) -> None:
    service = service_of(name)
    sink = service.sink()
    service.refuse(status)
    with pytest.raises(kind):
        sink.publish(incident("opened", UID))


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry_After": "120"}, 120),
        (429, {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0),
        (503, {"Retry_After": "30"}, 30),
    ],
)
def test_a_limit_says_how_long_it_lasts(
    service_of: Services, name: str, status: int, headers: dict[str, str], wait: float
) -> None:
    service = service_of(name)
    sink = service.sink()
    service.refuse(status, **headers)
    with pytest.raises(Unavailable) as refusal:
        sink.publish(incident("opened", UID))
    assert refusal.value.wait == wait


@pytest.mark.parametrize("headers", [{"Retry_After": "60"}, {"X_RateLimit_Remaining": "0"}])
def test_githubs_limits_are_said_with_403(service_of: Services, headers: dict[str, str]) -> None:
    service = service_of("github")
    service.refuse(403, **headers)
    with pytest.raises(Unavailable, match="takes no more for 60 s"):
        told(service, "opened")


@pytest.mark.parametrize("name", TWINS)
def test_a_secret_goes_to_no_other_host(service_of: Services, name: str) -> None:
    service = service_of(name)
    sink = service.sink()
    service.refuse(307, Location=service.address.replace("localhost", "127.0.0.1") + "/elsewhere")
    with pytest.raises(Rejected, match="redirects, and a secret is sent to no other host"):
        sink.publish(incident("opened", UID))
    assert len(service.seen) == 1


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("content", ["", "two\nlines", "not ascii: é"])
def test_a_file_without_a_secret_is_said_and_tried_again(
    service_of: Services, name: str, content: str
) -> None:
    service = service_of(name)
    sink = service.sink()
    service.secret.write_text(content)
    with pytest.raises(Unavailable, match=r"secret (is empty|holds)") as refusal:
        sink.publish(incident("opened", UID))
    assert not content or content not in str(refusal.value)


@pytest.mark.parametrize("name", TWINS)
def test_an_answer_that_is_no_json_is_a_proxys(service_of: Services, name: str) -> None:
    service = service_of(name)
    sink = service.sink()
    service.refuse(200, "<html>please log in</html>")
    if name in FORGETFUL | {"opsgenie"}:
        assert sink.publish(incident("opened", UID))
        return
    with pytest.raises(Unavailable, match="answers what is not JSON"):
        sink.publish(incident("opened", UID))


@pytest.mark.parametrize("name", TRACKERS)
def test_a_comment_is_found_again_behind_a_hundred_of_other_peoples(service_of: Services, name: str) -> None:
    service = service_of(name)
    reference = told(service, "opened")
    (place,) = service.places
    place.messages += [f"me too {number}" for number in range(150)]
    told(service, "updated", reference=reference)
    ours = len(place.messages)
    told(service, "updated", reference=reference)
    assert len(place.messages) == ours


@pytest.mark.parametrize(
    "body", ["null", "3", "[]", "{}", "[1]", '{"ok": true, "messages": 3}', '{"issues": [{}]}']
)
@pytest.mark.parametrize("name", PLACES)
def test_an_answer_of_another_shape_is_said_to_be_one(service_of: Services, name: str, body: str) -> None:
    """Of another API, or of a proxy that speaks JSON: it is no defect of ours."""
    service = service_of(name)
    reference = told(service, "opened")
    service.trouble = Response(body, 200)
    for known in ("", reference):
        with pytest.raises(PortError) as caught:
            told(service, "updated", reference=known)
        assert service.key not in str(caught.value)
        assert isinstance(caught.value, Unavailable)
        assert "answers what is not its API's" in str(caught.value)
