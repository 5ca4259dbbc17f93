"""What is said of a case in plain words: never a recovery or a health that was not proven."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase, Status, Trouble
from daemon.core.model import Change
from daemon.core.rollout_facts.configuration_change import ConfigurationChange
from daemon.presentation.by_hand import returns
from daemon.presentation.plain_words import needs_person, plain
from tests.unit.web import samples


def case(phase: Phase, **status: object) -> Case:
    made = Status(
        phase=phase, failing_at=samples.at(42), patched_at=samples.at(43), target=samples.revision(7)
    )
    return samples.case(status=replace(made, **status))


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_words_and_one_alone_claims_a_recovery(phase: Phase) -> None:
    said = plain(case(phase))
    assert said.startswith("Revision 8 (v1.0.1) ")
    assert said.endswith(".")
    assert ("recovery is verified" in said) == (phase is Phase.ROLLED_BACK)
    assert ("a person" in said) == needs_person(case(phase))


@pytest.mark.parametrize("phase", Phase)
def test_a_change_of_configuration_has_words_of_its_own(phase: Phase) -> None:
    changed = case(phase)
    configuration = (ConfigurationChange(name="cart-config", uid="u", version="2"),)
    changed = replace(changed, spec=replace(changed.spec, configuration=configuration))
    said = plain(changed)
    assert "the change of ConfigMap cart-config" in said.replace("The change", "the change")
    assert "rolled" not in said
    assert ("recovery is verified" in said) == (phase is Phase.ROLLED_BACK)
    assert ("a person" in said) == needs_person(changed)


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (case(Phase.HEALTHY, proven=True), "is healthy"),
        (case(Phase.HEALTHY), "not enough to prove it healthy"),
        (case(Phase.HELD, failing_at=None), "is held: it is not rolled back unless a person approves"),
        (case(Phase.ROLLING_BACK, failing_at=None), "was not found failing, and is being rolled back"),
        (case(Phase.UNRECOVERED, patched_at=None), "was not carried out"),
        (case(Phase.ROLLED_BACK, trouble=Trouble(since=samples.at(99), text="x")), "pods are not well"),
    ],
)
def test_what_is_not_known_is_not_said(shown: Case, words: str) -> None:
    assert words in plain(shown)


def test_an_adopted_revision_was_not_judged() -> None:
    adopted = case(Phase.HEALTHY)
    adopted = replace(adopted, spec=replace(adopted.spec, change=Change.ADOPTED))
    assert "was not judged" in plain(adopted)


def test_what_can_be_returned_to_begins_with_what_is_known_good() -> None:
    five, six, seven, eight = (samples.revision(number) for number in (5, 6, 7, 8))
    workload = replace(samples.workload(), current=eight, revisions=(eight, seven, six, five))
    good = Status(phase=Phase.HEALTHY, proven=True, finished_at=samples.at(9))
    bad = Status(
        phase=Phase.UNRECOVERED, failing_at=samples.at(9), finished_at=samples.at(9), reason="it broke"
    )
    cases = [
        samples.case(5, status=good),
        samples.case(6, status=bad),
        samples.case(5, name="other", status=bad),
    ]

    found = returns(workload, cases)

    assert [(one.number, one.good) for one in found] == [(5, True), (7, False), (6, False)]
    assert found[0].why == "proven good"
    assert found[1].why == "not proven good, it was never judged"
    assert found[2].why == "not proven good, it failed: it broke"

    assert {(one.good, one.why) for one in returns(workload, [])} == {(True, "unknown to any case")}
