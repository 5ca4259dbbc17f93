"""What a case keeps of the alerts: nothing that decides is lost, and the object stays small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.case.alert_record import KEPT_OTHERS, Record, recorded
from daemon.core.case.case import Case, Entry, Phase, Spec
from daemon.core.case.edits import KEPT_ALERT_LINES, KEPT_ENTRIES, noted
from daemon.core.case.events import Alerted
from daemon.core.case.lifecycle import advance
from daemon.core.judge import recovery as verification
from daemon.core.model import Alert, Change, Episode, Revision, RolloutStatus, Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.core.rollout_facts import facts

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
LIMIT = 128 * 1024
DECIDES = "ValidationFailures"
POLICY = Policy(decisive_alerts=(DECIDES, "Down"))
State = Literal["firing", "resolved"]


def alert(
    fingerprint: str, status: State = "firing", *, name: str = "Other", start: float = 60.0, text: str = ""
) -> Alert:
    return Alert(
        fingerprint=fingerprint,
        name=name,
        starts_at=T0 + timedelta(seconds=start),
        status=status,
        severity="critical",
        summary=text or f"summary of {fingerprint}",
        labels={"namespace": "greenlang", "app": "gl-006", "path": text},
    )


def batched(alerts: Sequence[Alert], most: int) -> Iterator[tuple[Alert, ...]]:
    return (tuple(alerts[first : first + most]) for first in range(0, len(alerts), most))


def others(count: int, status: State = "firing", **more: str) -> list[Alert]:
    return [alert(f"o{number}", status, **more) for number in range(count)]  # type: ignore[arg-type]


def told(deliveries: Iterable[Iterable[Alert]], record: Record | None = None) -> Record:
    record = record or Record()
    for delivery in deliveries:
        record, _ = recorded(record, list(delivery), POLICY.decisive_alerts)
    return record


def size(record: Record) -> int:
    return len(msgspec.json.encode(record))


def decisive(record: Record) -> tuple[Alert, ...]:
    return tuple(one for one in record.alerts if one.name in POLICY.decisive_alerts)


REVISION = Revision(
    hash="h2", replica_set="app-h2", replica_set_uid="u2", number=2, images=("i:2",), created_at=T0
)


def convicts(record: Record, since: datetime = T0) -> bool:
    return bool(facts.decisive(record.alerts, REVISION, POLICY, since))


def resolved(record: Record) -> bool | None:
    """What verification says of the alerts; ``True`` also where there is nothing to resolve."""
    workload = Workload(
        ref=WorkloadRef(namespace="greenlang", name="app"),
        uid="u",
        resource_version="1",
        created_at=T0,
        labels={},
        current=REVISION,
        revisions=(REVISION,),
        pods=(),
        status=RolloutStatus(
            generation=1, observed_generation=1, desired=0, replicas=0, updated=0, available=0
        ),
    )
    seen = verification.Facts(
        workload=workload,
        target=REVISION,
        health=(),
        fresh={},
        alerts=record.alerts,
        alerts_lost=record.lost,
    )
    found = verification.verify(seen, msgspec.structs.replace(POLICY, health_paths=()), None)
    return next((one.holds for one in found.conditions if one.name == "alerts resolved"), True)


@pytest.mark.parametrize(("count", "apart"), [(0, 1), (50, 1), (220, 1), (220, 50), (5000, 10)])
@pytest.mark.parametrize("status", ["firing", "resolved"])
@pytest.mark.parametrize("first", [True, False])
def test_others_change_nothing_in_the_outcome(count: int, status: State, apart: int, first: bool) -> None:
    one = alert("d", name=DECIDES, text="/validate")
    crowd = [list(part) for part in batched(others(count, status), apart)]
    record = told([[one], *crowd] if first else [*crowd, [one]])
    assert decisive(record) == (one,)
    assert convicts(record)
    assert resolved(record) is None
    assert size(record) <= LIMIT
    ended = told([*crowd, [alert("d", "resolved", name=DECIDES, text="/validate")]], record)
    assert not convicts(ended)
    assert resolved(ended) is True


def test_others_are_kept_small_and_the_rest_is_counted() -> None:
    record = told([others(5000, text="x" * 10_000)])
    assert len(record.alerts) + record.left_out == 5000
    assert all(not one.labels for one in record.alerts)
    assert size(record) <= LIMIT


def test_resolved_others_make_room_for_those_that_fire() -> None:
    record = told([others(KEPT_OTHERS, "resolved"), [alert("new")]])
    assert len(record.alerts) == KEPT_OTHERS
    assert record.left_out == 0
    assert "new" in {one.fingerprint for one in record.alerts}
    assert "o0" not in {one.fingerprint for one in record.alerts}


def test_a_delivery_twice_is_as_one() -> None:
    delivery = [alert("d", name=DECIDES), *others(20), *others(5, "resolved")]
    once = told([delivery])
    assert told([delivery, delivery, list(reversed(delivery))]) == once
    assert recorded(once, delivery, POLICY.decisive_alerts) == (once, ())


def test_a_flapping_decisive_alert_keeps_what_fires_and_its_last_ends() -> None:
    record = Record()
    for start in range(400):
        record = told([[alert("d", name=DECIDES, start=start, text="x" * 150)]], record)
        assert resolved(record) is None
        if start < 399:
            end = alert("d", "resolved", name=DECIDES, start=start, text="x" * 150)
            record = told([[end]], record)
            assert resolved(record) is True
    assert size(record) <= LIMIT
    assert [one.status for one in record.alerts].count("firing") == 1
    assert len(record.alerts) > 50


def test_decisive_alerts_beyond_all_room_are_never_said_to_be_resolved() -> None:
    crowd = [alert(f"{number:032}", name=DECIDES, text="ü" * 500) for number in range(5000)]
    record = told([crowd])
    assert size(record) <= LIMIT
    assert convicts(record)
    assert record.lost == (DECIDES,)
    gone = told([[msgspec.structs.replace(one, status="resolved") for one in crowd]], record)
    assert resolved(gone) is None
    assert not convicts(gone)


def test_an_episode_is_resolved_for_itself_alone() -> None:
    """An alert of that name is resolved when none of its episodes fires."""
    record = told([[alert("d", name=DECIDES, start=10)], [alert("d", name=DECIDES, start=20)]])
    record = told([[alert("d", "resolved", name=DECIDES, start=20)]], record)
    assert resolved(record) is None
    record = told([[alert("d", "resolved", name=DECIDES, start=10)]], record)
    assert resolved(record) is True
    echo = told([[alert("d", name=DECIDES, start=10)]], record)
    assert (resolved(echo), convicts(echo)) == (True, False), "a second Alertmanager that lags behind"
    again = told([[alert("d", name=DECIDES, start=30)]], echo)
    assert (resolved(again), convicts(again)) == (None, True)


@pytest.mark.parametrize(
    ("story", "guilty"),
    [
        ([alert("d", name=DECIDES, start=0)], True),
        ([alert("d", name=DECIDES, start=-1)], False),
        ([alert("d", name=DECIDES, start=-1), alert("d", name=DECIDES, start=-1)], False),
        # Prometheus lost its state: the same trouble begins anew, and it was there before the release.
        ([alert("d", name=DECIDES, start=-1), alert("d", name=DECIDES, start=9)], False),
        (
            [
                alert("d", name=DECIDES, start=-9),
                alert("d", "resolved", name=DECIDES, start=-9),
                alert("d", name=DECIDES, start=9),
            ],
            True,
        ),
        ([alert("d", name=DECIDES, start=-1), alert("e", name=DECIDES, start=9)], True),
        ([alert("d", "resolved", name=DECIDES, start=5)], False),
        ([alert("d", start=5)], False),
        ([msgspec.structs.replace(alert("d", name=DECIDES), replica_set="app-h2")], True),
        # The old revision's pod has the trouble.
        ([msgspec.structs.replace(alert("d", name=DECIDES), replica_set="app-h1")], False),
    ],
)
def test_which_alerts_speak_against_a_revision(story: list[Alert], guilty: bool) -> None:
    assert convicts(told([[one] for one in story])) == guilty


def test_many_series_of_one_alert_are_one_fact() -> None:
    found = facts.decisive(
        tuple(alert(f"d{number}", name=DECIDES) for number in range(400)), REVISION, POLICY, T0
    )
    assert [fact.detail for fact in found] == [
        f"alert {DECIDES} fires: summary of d0 (and 399 more of this name)"
    ]


texts = st.sampled_from(["", "short", "x" * 3000, '"\\' * 900, "\x00" * 900, "héatré " * 400])
reports = st.builds(
    Alert,
    fingerprint=st.sampled_from("abcdefgh") | st.text(max_size=200),
    name=st.sampled_from([DECIDES, "Down", "Other", "Latency"]),
    starts_at=st.sampled_from([T0 + timedelta(seconds=seconds) for seconds in (-60, 0, 60, 120)]),
    status=st.sampled_from(["firing", "resolved"]),
    ends_at=st.none() | st.just(T0 + timedelta(hours=1)),
    severity=texts,
    summary=texts,
    labels=st.dictionaries(st.sampled_from(["pod", "app", "path", "x" * 300]), texts),
)
crowds = st.builds(
    lambda count, status, text: others(count, status, text=text),
    st.sampled_from([1, 60, 300]),
    st.sampled_from(["firing", "resolved"]),
    texts,
)
deliveries = st.lists(st.lists(reports, max_size=6) | crowds, max_size=12)


@given(story=deliveries)
def test_the_record_says_of_decisive_alerts_what_a_memory_without_limit_says(
    story: list[list[Alert]],
) -> None:
    everything: dict[Episode, str] = {}
    for report in (one for delivery in story for one in delivery if one.name in POLICY.decisive_alerts):
        if everything.get(report.identity) != "resolved":
            everything[report.identity] = report.status
    record = told(story)
    fires = [one for one in decisive(record) if one.status == "firing"]
    assert size(record) <= LIMIT
    assert record.lost == ()
    assert len(fires) == sum(status == "firing" for status in everything.values())
    if everything:
        assert resolved(record) is (None if fires else True)


@given(story=deliveries)
def test_with_or_without_the_others_the_decisive_ones_are_the_same(story: list[list[Alert]]) -> None:
    alone = [[one for one in delivery if one.name in POLICY.decisive_alerts] for delivery in story]
    assert decisive(told(story)) == decisive(told(alone))


def opened() -> Case:
    spec = Spec(
        workload="app",
        workload_uid="u",
        revision=REVISION,
        change=Change.IMAGE,
        opened_at=T0,
        started_at=T0,
    )
    return Case(namespace="greenlang", name="app-r2", spec=spec)


@pytest.mark.parametrize("apart", [1, 400])
def test_alerts_never_push_the_story_out_of_the_timeline(apart: int) -> None:
    case = opened()
    for number in range(100):
        case = noted(case, f"story {number}", T0)
        for part in batched([alert(f"o{number}-{i}", name=DECIDES) for i in range(4)], apart):
            case = advance(case, Alerted(alerts=part), POLICY, T0)
    lines = case.status.timeline
    assert [entry.text for entry in lines if not entry.alert] == [f"story {n}" for n in range(100)]
    assert sum(entry.alert for entry in lines) == KEPT_ALERT_LINES
    for number in range(300):
        case = noted(case, f"later {number}", T0)
    assert sum(not entry.alert for entry in case.status.timeline) == KEPT_ENTRIES
    assert sum(entry.alert for entry in case.status.timeline) == KEPT_ALERT_LINES
    assert case.status.timeline[-1] == Entry(at=T0, phase=Phase.PROGRESSING, text="later 299")


def test_one_delivery_is_told_in_a_few_lines_the_decisive_first() -> None:
    case = advance(opened(), Alerted(alerts=(*others(40), alert("d", name=DECIDES))), POLICY, T0)
    texts = [entry.text for entry in case.status.timeline]
    assert texts[0] == f"alert {DECIDES} is firing: summary of d"
    assert texts[-1] == "31 more alerts: 31 firing, 0 resolved"
    assert len(texts) == 11
