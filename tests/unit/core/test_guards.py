"""The guards: what each refuses, until when, and that it says both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.case.guards.guard import FreezeWindow, Occasion, Refusal
from daemon.core.case.guards.registry import GUARDS, first_refusal
from daemon.core.model import WorkloadRef
from daemon.core.policy import Policy

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
REF = WorkloadRef(namespace="shop", name="cart")


def occasion(**fields: object) -> Occasion:
    return Occasion(**({"ref": REF, "now": NOW, "policy": Policy()} | fields))  # type: ignore[arg-type]


def refused(**fields: object) -> Refusal:
    found = first_refusal(occasion(**fields))
    assert found is not None
    return found


TIMES = st.integers(0, 86_399).map(lambda seconds: NOW - timedelta(seconds=seconds))
OCCASIONS = st.builds(
    Occasion,
    ref=st.just(REF),
    now=st.just(NOW),
    policy=st.builds(
        Policy, cooldown=st.sampled_from([0.0, 60.0, 86_400.0]), max_rollbacks=st.integers(0, 4)
    ),
    stop=st.none() | st.text(max_size=9),
    pause=st.none() | st.sampled_from(["true", "false", "until 2026-01-05T10:00:00Z"]) | st.text(),
    freeze=st.none()
    | st.builds(FreezeWindow, name=st.just("weekend"), until=st.just(NOW + timedelta(seconds=1))),
    rollbacks=st.lists(TIMES, max_size=5).map(tuple),
)


def test_nothing_refuses_by_default() -> None:
    assert first_refusal(occasion()) is None


def test_every_guard_has_a_name_of_its_own_and_says_its_settings() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)
    assert all(guard.settings(Policy()) for guard in GUARDS)


@given(OCCASIONS)
def test_a_refusal_names_its_guard_and_what_ends_it(given_: Occasion) -> None:
    for guard in GUARDS:
        refusal = guard.refuses(given_)
        if refusal is None:
            continue
        assert refusal.guard == guard.name
        assert refusal.ends
        assert f"(guard {guard.name}, until " in str(refusal)
        assert refusal.until is None or refusal.until > NOW


@given(OCCASIONS)
def test_a_guard_that_says_until_when_refuses_no_longer_then(given_: Occasion) -> None:
    for guard in GUARDS:
        refusal = guard.refuses(given_)
        if refusal is None or refusal.until is None:
            continue
        later = refusal.until
        # Whoever looks hands in the rollbacks of the last 24 hours alone.
        lately = tuple(at for at in given_.rollbacks if later - at < timedelta(days=1))
        after = Occasion(
            ref=REF,
            now=later,
            policy=given_.policy,
            stop=given_.stop,
            pause=given_.pause,
            freeze=given_.freeze,
            rollbacks=lately,
        )
        assert guard.refuses(after) is None


@pytest.mark.parametrize("value", ["until Monday", "yes", "until", "2026-13-01", "until 2026-01-05T10:00"])
def test_a_pause_that_cannot_be_read_holds_and_says_so(value: str) -> None:
    refusal = refused(pause=value)
    assert refusal.until is None
    assert repr(value) in str(refusal)
    assert "write true, or until and a time with its offset" in str(refusal)


@pytest.mark.parametrize("value", ["false", "", "until 2026-01-05T09:00:00Z", "2026-01-05T08:59:59+00:00"])
def test_a_pause_that_is_over_or_off_refuses_nothing(value: str) -> None:
    assert first_refusal(occasion(pause=value)) is None


def test_a_pause_says_until_when_in_utc() -> None:
    found = refused(pause="until 2026-01-05T12:00:00+01:00")
    assert str(found) == (
        "Deployment shop/cart is paused for the daemon (guard pause, until 2026-01-05 11:00:00 UTC)"
    )


def test_a_stop_needs_no_reason_and_names_the_command_that_ends_it() -> None:
    found = refused(stop="")
    assert "no reason is given" in str(found)
    assert "kubectl annotate deployment/cart -n shop rollbackd.io/stop-" in str(found)


def test_a_cooldown_counts_from_the_last_rollback() -> None:
    policy = Policy(cooldown=600.0)
    rollbacks = (NOW - timedelta(seconds=3000), NOW - timedelta(seconds=500))
    assert refused(policy=policy, rollbacks=rollbacks).until == NOW + timedelta(seconds=100)
    assert first_refusal(occasion(policy=policy, rollbacks=rollbacks[:1])) is None


def test_too_many_rollbacks_wait_for_the_day_of_the_one_that_makes_room() -> None:
    rollbacks = tuple(NOW - timedelta(hours=hours) for hours in (1, 2, 3, 4))
    found = refused(policy=Policy(max_rollbacks=3), rollbacks=rollbacks)
    assert found.until == NOW + timedelta(hours=21)
    assert refused(policy=Policy(max_rollbacks=0)).until is None
