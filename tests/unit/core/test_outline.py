"""What a store keeps of a case: whatever was packed comes back as it was."""

from __future__ import annotations

from datetime import timedelta, timezone

import msgspec
import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase, Status
from daemon.core.case.outline import outline
from tests.contract.samples import full_status, instruction, new_case


def finished(status: Status) -> Case:
    return replace(
        new_case("shop"), status=replace(status, phase=Phase.HEALTHY), uid="1", resource_version="2"
    )


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("status", [full_status(), Status()])
def test_the_whole_comes_back_to_the_last_digit(status: Status, packed: bool) -> None:
    case = finished(status)
    kept = outline(case, packed=packed)
    assert kept.whole() == case
    assert (kept.ref, kept.phase, kept.unfinished) == (case.ref, case.phase, case.unfinished)


def test_what_is_packed_takes_less() -> None:
    case = finished(full_status())
    packed = outline(case, packed=True).held
    assert isinstance(packed, bytes)
    assert len(packed) < len(msgspec.json.encode(case)) / 2


def test_a_persons_time_is_the_same_moment_in_any_zone() -> None:
    case = finished(full_status())
    order = instruction()
    there = replace(order, at=order.at.astimezone(timezone(timedelta(hours=2))))
    case = replace(case, spec=replace(case.spec, instruction=there))
    assert outline(case, packed=True).whole() == case


def test_what_is_left_to_do_is_told() -> None:
    done = finished(replace(full_status(), effects=(), last_instruction=None))
    assert outline(done).settled
    assert not outline(replace(done, status=Status())).settled, "left half written"
    assert not outline(replace(done, status=replace(done.status, phase=Phase.WATCHING))).settled
    assert not outline(replace(done, name="somebody-elses")).settled
    ordered = replace(done, spec=replace(done.spec, instruction=instruction()))
    assert not outline(ordered).settled
    obeyed = replace(ordered, status=replace(done.status, last_instruction=instruction()))
    assert outline(obeyed).settled
