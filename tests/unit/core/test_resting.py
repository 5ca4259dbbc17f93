"""A workload at rest: nothing that a whole look would find is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Instruction, Phase, Status, Trouble, case_name
from daemon.core.case.outline import outline
from daemon.core.case.resting import told_by
from daemon.core.model import Revision, Workload
from tests.unit.core.case_stories import BAD, GOOD, NEXT, T0, opened, workload

KEEP = 20


def healthy(revision: Revision, hours: float, uid: str = "uid") -> Case:
    case, at = opened(), T0 + timedelta(hours=hours)
    spec = replace(case.spec, revision=revision, opened_at=at, workload_uid=uid, generation=revision.number)
    status = Status(phase=Phase.HEALTHY, finished_at=at, reason="watched for 10 min")
    return replace(case, name=case_name(spec.workload, uid, revision), spec=spec, status=status)


FIRST, SECOND = healthy(GOOD, 0), healthy(BAD, 1)
RUNNING = workload(BAD, True)


def told(*cases: Case, running: Workload = RUNNING, keep: int = KEEP) -> Sequence[str] | None:
    found = told_by(running, [outline(case, packed=True) for case in cases], keep)
    return None if found is None else [one.name for one in found]


def after(case: Case, **status: object) -> Case:
    return replace(case, status=replace(case.status, **status))


def test_what_runs_is_told_by_its_own_case() -> None:
    assert told(FIRST, SECOND) == told(SECOND, FIRST) == [SECOND.name]


def test_a_trouble_of_what_runs_is_looked_at_with_its_case() -> None:
    troubled = after(SECOND, trouble=Trouble(since=T0, text="pods crash"))
    assert told(FIRST, troubled) == [SECOND.name]


ORDER = Instruction(action="hold", by="anna", at=T0)


@pytest.mark.parametrize(
    "cases",
    [
        (),
        (FIRST,),
        (FIRST, after(SECOND, phase=Phase.WATCHING, finished_at=None)),
        (FIRST, after(SECOND, phase=Phase.ADVISED, target=replace(GOOD, hash=BAD.hash))),
        (after(FIRST, trouble=Trouble(since=T0, text="pods crash")), SECOND),
        (replace(FIRST, spec=replace(FIRST.spec, instruction=ORDER)), SECOND),
        (replace(FIRST, status=Status()), SECOND),
        (replace(FIRST, name="somebody-elses"), SECOND),
        (SECOND, healthy(NEXT, 2)),
    ],
    ids=[
        "no case",
        "the rollout has none",
        "under watch",
        "returned to",
        "an old trouble",
        "an instruction",
        "half written",
        "made up",
        "another revision's is newer",
    ],
)
def test_what_has_anything_left_is_looked_at_whole(cases: tuple[Case, ...]) -> None:
    assert told(*cases) is None


def test_what_is_to_be_pruned_is_looked_at_whole() -> None:
    assert told(FIRST, SECOND, keep=1) is None


def test_cases_of_an_earlier_deployment_of_the_name_tell_nothing() -> None:
    earlier = healthy(BAD, 5, uid="before")
    assert told(earlier, SECOND) == [SECOND.name]
    assert told(earlier) is None
