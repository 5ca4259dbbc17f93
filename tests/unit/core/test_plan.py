"""The plan of a case: which steps, in which order, and that everything that knows of steps knows the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.case import plan
from daemon.core.case.case import Case, Phase, Spec, Status
from daemon.core.case.effect import Effect
from daemon.core.case.steps.step import Situation
from daemon.core.model import Change, Revision
from daemon.core.policy import ConfigurationChoice
from daemon.core.rollout_facts.configuration_content import Drift
from daemon.engine.steps.registry import ACTS

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TARGET = Revision(
    hash="a1", replica_set="web-a1", replica_set_uid="rs-1", number=1, images=("web:v1",), created_at=NOW
)
CASE = Case(
    namespace="shop",
    name="web-r2",
    spec=Spec(
        workload="web",
        workload_uid="d-1",
        revision=msgspec.structs.replace(TARGET, number=2, replica_set_uid="rs-2", hash="b2"),
        change=Change.IMAGE,
        opened_at=NOW,
        started_at=NOW,
    ),
    status=Status(phase=Phase.ROLLING_BACK, target=TARGET),
)
DRIFTS = st.builds(
    Drift,
    name=st.sampled_from(["one", "two", "three"]),
    seen=st.sampled_from(["absent", "u/1"]),
    digest=st.just("d"),
    problem=st.sampled_from(["", "too large"]),
    certain=st.booleans(),
)
SITUATIONS = st.builds(
    Situation,
    target=st.just(TARGET),
    configuration=st.sampled_from(ConfigurationChoice),
    drift=st.lists(DRIFTS, max_size=3, unique_by=lambda drift: drift.name).map(tuple),
    target_runs=st.booleans(),
)


def test_the_registries_and_the_stored_form_name_the_same_kinds() -> None:
    stored = set(get_args(get_type_hints(Effect)["kind"])) - {"publish"}
    assert set(plan.STEPS) == set(ACTS) == stored


@given(SITUATIONS)
def test_the_template_is_put_back_once_after_the_configuration_and_before_the_restart(
    situation: Situation,
) -> None:
    kinds = [effect.kind for effect in plan.steps(situation, 1, NOW)]
    restores = kinds.count("restore-configuration")
    assert kinds == ["restore-configuration"] * restores + ["rollback"] + ["restart"] * kinds.count("restart")
    assert kinds.count("restart") == (1 if restores and situation.target_runs else 0)
    assert not restores or situation.configuration is ConfigurationChoice.RESTORE


@given(SITUATIONS)
def test_steps_of_a_plan_can_be_told_apart_and_read_again(situation: Situation) -> None:
    effects = plan.steps(situation, 2, NOW)
    assert len({effect.id for effect in effects}) == len(effects)
    assert msgspec.json.decode(msgspec.json.encode(effects), type=tuple[Effect, ...]) == effects


@given(SITUATIONS)
def test_by_itself_it_returns_only_to_a_configuration_that_is_the_targets(situation: Situation) -> None:
    refused = plan.refusal(situation)
    match situation.configuration:
        case ConfigurationChoice.IGNORE:
            assert not refused
        case ConfigurationChoice.HOLD:
            assert bool(refused) == any(drift.certain for drift in situation.drift)
        case ConfigurationChoice.RESTORE:
            restored = {e.drift.name for e in plan.steps(situation, 1, NOW) if e.drift is not None}
            assert bool(refused) == bool({drift.name for drift in situation.drift} - restored)


@pytest.mark.parametrize("gone", [True, False])
def test_a_backup_is_said_to_be_one(gone: bool) -> None:
    drift = Drift(name="config", seen="absent" if gone else "u/1", digest="d", source="backup")
    situation = Situation(target=TARGET, configuration=ConfigurationChoice.RESTORE, drift=(drift,))
    words = plan.summary(CASE, plan.steps(situation, 1, NOW), situation)
    assert "from config-backup, for there is no copy of the daemon's own" in words


def test_a_ledger_of_before_there_were_plans_reads_as_a_plan_of_one_step() -> None:
    raw = b'{"id":"rollback/1","kind":"rollback","intendedAt":"2026-01-05T09:00:00Z","sink":"","stage":""}'
    effect = msgspec.json.decode(raw, type=Effect)
    case = msgspec.structs.replace(CASE, status=msgspec.structs.replace(CASE.status, effects=(effect,)))
    assert case.steps == (effect,)
    assert case.pending_step == effect
