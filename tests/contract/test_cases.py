"""The contract of :class:`daemon.ports.CaseStore`."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase, Status
from daemon.ports import Conflict, Missing, Rejected, Unavailable
from tests.contract.drivers import CaseDriver
from tests.contract.samples import full_status, instruction, new_case


def with_phase(case: Case, phase: Phase) -> Case:
    return replace(case, status=replace(case.status, phase=phase))


def test_a_created_case_has_an_identity_and_its_status(cases: CaseDriver) -> None:
    case = new_case(cases.namespace)
    created = cases.store.create(case)
    assert created.uid
    assert created.resource_version
    assert replace(created, uid="", resource_version="") == case
    assert cases.store.get(case.namespace, case.name) == created


def test_a_case_of_default_status_can_be_created(cases: CaseDriver) -> None:
    created = cases.store.create(replace(new_case(cases.namespace), status=Status()))
    assert created.status == Status()
    assert cases.store.get(created.namespace, created.name) == created


def test_creating_twice_is_a_conflict_and_changes_nothing(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    with pytest.raises(Conflict):
        cases.store.create(with_phase(new_case(cases.namespace), Phase.HEALTHY))
    assert cases.store.get(created.namespace, created.name) == created


def test_what_is_saved_comes_back_to_the_last_digit(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    saved = cases.store.save(replace(created, status=full_status()))
    assert saved.status == full_status()
    assert saved.uid == created.uid
    assert saved.spec == created.spec
    assert saved.resource_version != created.resource_version
    assert cases.store.get(created.namespace, created.name) == saved


def test_the_answer_to_a_save_can_be_saved_again(cases: CaseDriver) -> None:
    case = cases.store.create(new_case(cases.namespace))
    for phase in (Phase.WATCHING, Phase.FAILING, Phase.ROLLING_BACK):
        case = cases.store.save(with_phase(case, phase))
        assert case.phase is phase


def test_what_a_save_leaves_out_is_gone(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    full = cases.store.save(replace(created, status=full_status()))
    bare = cases.store.save(replace(full, status=Status(phase=Phase.HEALTHY)))
    assert bare.status == Status(phase=Phase.HEALTHY)
    assert cases.store.get(created.namespace, created.name).status == Status(phase=Phase.HEALTHY)


def test_saving_over_somebody_elses_write_is_a_conflict(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    other = cases.store.save(with_phase(created, Phase.WATCHING))
    with pytest.raises(Conflict):
        cases.store.save(with_phase(created, Phase.FAILING))
    assert cases.store.get(created.namespace, created.name) == other


def test_a_case_that_is_not_there_is_missing(cases: CaseDriver) -> None:
    with pytest.raises(Missing):
        cases.store.get(cases.namespace, "nobody")
    created = cases.store.create(new_case(cases.namespace))
    cases.store.delete(created)
    with pytest.raises(Missing):
        cases.store.get(created.namespace, created.name)
    with pytest.raises(Missing):
        cases.store.save(with_phase(created, Phase.WATCHING))
    with pytest.raises(Missing):
        cases.store.instruct(replace(created, spec=replace(created.spec, instruction=instruction())))


def test_deleting_twice_is_fine(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    cases.store.delete(created)
    cases.store.delete(created)
    again = cases.store.create(new_case(cases.namespace))
    assert again.uid != created.uid


def test_deleting_an_old_case_leaves_its_successor_of_the_same_name(cases: CaseDriver) -> None:
    old = cases.store.create(new_case(cases.namespace))
    cases.store.delete(old)
    new = cases.store.create(new_case(cases.namespace))
    cases.store.delete(old)
    assert cases.store.get(new.namespace, new.name) == new


def test_an_instruction_leaves_the_status_alone(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    saved = cases.store.save(replace(created, status=full_status()))
    mistaken = replace(saved, spec=replace(saved.spec, instruction=instruction()), status=Status())
    told = cases.store.instruct(mistaken)
    assert told.spec.instruction == instruction()
    assert told.status == full_status()
    assert told.resource_version != saved.resource_version
    assert cases.store.get(created.namespace, created.name) == told


def test_a_save_leaves_the_instruction_alone(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    told = cases.store.instruct(replace(created, spec=replace(created.spec, instruction=instruction())))
    mistaken = replace(told, spec=created.spec, status=full_status())
    saved = cases.store.save(mistaken)
    assert saved.spec.instruction == instruction()
    assert saved.status == full_status()
    assert cases.store.get(created.namespace, created.name) == saved


def test_an_instruction_can_be_replaced(cases: CaseDriver) -> None:
    case = cases.store.create(new_case(cases.namespace))
    for by in ("jane", "john"):
        case = cases.store.instruct(replace(case, spec=replace(case.spec, instruction=instruction(by))))
    assert case.spec.instruction == instruction("john")
    assert cases.store.get(case.namespace, case.name) == case


def test_instructing_over_somebody_elses_write_is_a_conflict(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    other = cases.store.save(with_phase(created, Phase.WATCHING))
    with pytest.raises(Conflict):
        cases.store.instruct(replace(created, spec=replace(created.spec, instruction=instruction())))
    assert cases.store.get(created.namespace, created.name) == other


def test_saving_over_an_instruction_is_a_conflict(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    cases.store.instruct(replace(created, spec=replace(created.spec, instruction=instruction())))
    with pytest.raises(Conflict):
        cases.store.save(with_phase(created, Phase.FAILING))


def test_all_cases_are_listed(cases: CaseDriver) -> None:
    assert not cases.store.cases()
    created = [cases.store.create(new_case(cases.namespace, number)) for number in (2, 3, 4)]
    newest = [cases.store.save(with_phase(case, Phase.HEALTHY)) for case in created]
    assert sorted(cases.store.cases(), key=lambda case: case.spec.revision.number) == newest
    cases.store.delete(newest[0])
    assert {case.name for case in cases.store.cases()} == {case.name for case in newest[1:]}
    assert not cases.store.unreadable()


def test_the_cases_of_a_workload_and_those_with_work_left_are_found_among_all(cases: CaseDriver) -> None:
    other = replace(new_case(cases.namespace, 4), name="other-r4")
    other = replace(other, spec=replace(other.spec, workload="other"))
    created = [cases.store.create(case) for case in (*(new_case(cases.namespace, n) for n in (2, 3)), other)]
    finished = [cases.store.save(with_phase(case, Phase.HEALTHY)) for case in created[:1]]
    refs = {case.ref for case in created}
    assert len(refs) == 2
    for ref in refs:
        found = {case.name for case in cases.store.of(ref)}
        assert found == {case.name for case in created if case.ref == ref}
    everything = sorted(cases.store.cases(), key=lambda case: case.name)
    outlines = sorted(cases.store.outlines(), key=lambda one: one.name)
    assert [one.whole() for one in outlines] == everything
    assert [(one.ref, one.phase) for one in outlines] == [(case.ref, case.phase) for case in everything]
    unfinished = {case.name for case in cases.store.unfinished()}
    assert unfinished == {case.name for case in cases.store.cases() if case.active or case.pending}
    assert not unfinished & {case.name for case in finished if not case.pending}
    cases.store.delete(created[2])
    assert not cases.store.of(other.ref)


def test_a_case_that_makes_no_sense_does_not_hide_the_others(cases: CaseDriver) -> None:
    good = cases.store.create(new_case(cases.namespace, 2))
    bad = cases.store.create(new_case(cases.namespace, 3))
    cases.spoil(bad.name)
    cases.until("the others", lambda: [case.name for case in cases.store.cases()] == [good.name])
    unreadable = cases.store.unreadable()
    assert list(unreadable) == [f"{bad.namespace}/{bad.name}"]
    assert all(unreadable.values())
    with pytest.raises(Rejected):
        cases.store.get(bad.namespace, bad.name)
    cases.store.delete(bad)
    cases.until("its end", lambda: len(cases.store.cases()) == 1 and not cases.store.unreadable())


def test_an_api_server_that_does_not_answer_is_unavailable(cases: CaseDriver) -> None:
    created = cases.store.create(new_case(cases.namespace))
    store = cases.cut_off()
    with pytest.raises(Unavailable):
        store.cases()
    with pytest.raises(Unavailable):
        store.get(created.namespace, created.name)
    with pytest.raises(Unavailable):
        store.create(new_case(cases.namespace, 3))
    with pytest.raises(Unavailable):
        store.save(created)
    with pytest.raises(Unavailable):
        store.instruct(created)
    with pytest.raises(Unavailable):
        store.delete(created)
