"""What is not an edit's doing is not attributed to it, and nothing is put back for it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.core.case.case import Case, Phase
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.core.signals.state import Side
from daemon.engine.in_place_evidence import beforehand
from tests.engine.mounted import CONFIG, ENDS, SYNCED, Mounted, world
from tests.engine.world import REF


def untouched(made: Mounted, value: str = "other") -> Case:
    """How the case of a harmless edit ends, which nothing may have been done for."""
    case = made.until(*ENDS)
    assert case.phase in (Phase.HELD, Phase.HEALTHY), case.status.reason
    assert (made.holds(), made.steps()) == (value, [])
    return case


@pytest.mark.parametrize("ahead", [2.0, 10.0, 30.0, 120.0, 600.0])
@pytest.mark.parametrize("rate", [0.06, 0.3])
def test_a_failure_that_began_before_the_edit_is_not_its_doing(ahead: float, rate: float) -> None:
    made = world()
    made.incident = rate
    made.run(ahead)
    made.edit("other")
    untouched(made)


@pytest.mark.parametrize("phase", [3.0, 7.0, 11.0])
def test_nor_one_that_began_within_the_same_scrape(phase: float) -> None:
    made = world()
    made.run(phase)
    made.incident = 0.3
    made.run(2.0)
    made.edit("other")
    assert untouched(made).phase is Phase.HELD


@pytest.mark.parametrize("phase", [0.0, 2.0, 4.0])
def test_an_edit_that_pods_see_within_the_same_scrape_is_told_from_it_by_the_counts(phase: float) -> None:
    made = world()
    made.synced = 4.0
    made.run(phase)
    made.edit()
    case = made.until(*ENDS)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason


def test_and_is_held_where_too_few_requests_tell() -> None:
    made = world(rps=4.0)
    made.synced = 4.0
    made.edit()
    case = made.until(*ENDS)
    assert case.phase is Phase.HELD
    assert "may have begun up to" in case.status.reason


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("base", [0.01, 0.04])
def test_an_edit_that_does_no_harm_is_not_undone(seed: int, base: float) -> None:
    made = world(seed=seed, base=base, rps=8.0)
    made.rates = {}
    made.edit("other")
    untouched(made)


def test_nor_one_that_begins_long_after_every_pod_saw_it() -> None:
    made = world()
    made.edit("other")
    made.run(400)
    made.incident = 0.3
    case = untouched(made)
    assert case.phase is Phase.HELD
    assert "after every pod had seen the change" in case.status.reason


def test_nor_one_that_is_a_dependencys() -> None:
    made = world()
    made.policy = replace(made.policy, neighbours=("postgresql",))
    made.surroundings.neighbour("greenlang", "postgresql", ready=1, pods=["postgresql-0"])
    made.run(60)
    made.edit("other")
    made.run(SYNCED)
    made.surroundings.neighbour("greenlang", "postgresql", ready=0, pods=["postgresql-0"])
    made.incident = 0.3
    case = untouched(made)
    assert case.phase is Phase.HELD
    assert "postgresql has been unhealthy" in case.status.reason


def test_a_namesake_of_a_deployment_that_was_deleted_is_not_compared_with() -> None:
    made = world()
    made.edit("other")
    case, workload = made.until(Phase.WATCHING), made.cluster.workload(REF)
    assert workload is not None
    pod, owners = workload.live[0].name, PodOwners(workload)
    namesake = f"{pod[:-5]}zzzzz"
    assert owners.of(namesake) == owners.of(pod), "by its name it is the revision's"
    side = beforehand(case, workload, owners)
    assert side is not None
    assert (side(pod), side(namesake)) == (Side.OLD, Side.OTHER)


def test_an_edit_made_while_nobody_looked_has_its_own_time() -> None:
    made = world()
    made.kill()
    at = made.clock.now()
    made.edit()
    made.run(200)
    made.start()
    case = made.until(*ENDS)
    assert abs((case.spec.started_at - at).total_seconds()) <= 1
    assert case.phase is Phase.ROLLED_BACK, case.status.reason


def test_one_that_was_made_long_ago_is_not_judged_and_not_taken_for_new() -> None:
    made = world()
    made.kill()
    made.edit("other")
    made.run(3600)
    made.start()
    made.run(30)
    made.incident = 0.3
    made.run(600)
    [case] = made.in_place()
    assert (case.phase, case.status.proven) == (Phase.HEALTHY, False)
    assert "found only now" in case.status.reason
    assert (made.holds(), made.steps()) == ("other", [])


def test_a_deletion_that_nobody_saw_is_not_dated() -> None:
    made = world()
    made.kill()
    made.configuration.remove(REF.namespace, CONFIG)
    made.run(100)
    made.start()
    made.run(30)
    [case] = made.in_place()
    assert "nobody knows when" in case.status.reason
    assert case.phase is Phase.HEALTHY


def test_a_pod_that_was_not_well_before_tells_nothing_of_the_edit() -> None:
    made = world()
    made.cluster.fault("v1.0.0", Fault(kind=FaultKind.CRASH))
    made.cluster.accidents.remove_pod(REF, made.pods()[0])
    made.run(45)
    made.edit("other")
    untouched(made)


# ------------------------------------------------------------ read at the start alone


def test_what_running_pods_do_not_see_is_said_and_nothing_is_judged() -> None:
    made = world(mounted=False)
    made.edit("other")
    case = untouched(made)
    assert "running pods of revision 1 (v1.0.0) do not see it" in case.status.timeline[0].text
    assert "no pod has started since the change" in case.status.reason
    assert not case.status.proven


def test_what_fails_meanwhile_in_running_pods_is_not_its_doing() -> None:
    made = world(mounted=False)
    made.edit("other")
    made.run(30)
    made.incident = 0.3
    assert untouched(made).phase is Phase.HEALTHY


def test_pods_that_start_with_it_and_crash_get_it_undone_and_start_anew() -> None:
    made = world(mounted=False)
    made.configuration.write(REF.namespace, CONFIG, broken=True)
    made.until(Phase.WATCHING)
    made.cluster.accidents.remove_pod(REF, made.pods()[0])
    case = made.until(*ENDS)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert made.steps() == [("restore-configuration", "done"), ("restart", "done")]
    assert made.holds() == "good"
    made.run(300)
    assert len(made.store.cases()) == 2, "the daemon's own restart opens no case"


def test_a_restart_of_ours_is_known_with_what_it_was_restored_to() -> None:
    made = world(mounted=False)
    for number in (1, 2):
        made.configuration.write(REF.namespace, CONFIG, broken=True)
        made.run(90)
        made.cluster.accidents.remove_pod(REF, made.pods()[0])
        case = made.until(*ENDS)
        assert case.phase is Phase.ROLLED_BACK, case.status.reason
        assert (len(made.in_place()), made.holds()) == (number, "good")


def test_an_edit_that_nothing_was_shown_of_is_not_what_the_revision_is_good_with() -> None:
    made = world(mounted=False)
    made.edit("other")
    assert not untouched(made).status.proven
    made.faults_of("v1.1.0-crash")
    made.deploy("v1.1.0-crash")
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD, within=600)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert made.holds() == "good"


def test_an_edit_after_a_rollback_is_seen_as_well() -> None:
    made = world()
    made.faults_of("v1.1.0-crash")
    made.deploy("v1.1.0-crash")
    made.run_until(Phase.ROLLED_BACK, within=600)
    made.policy = replace(made.policy, baseline_window=300.0)
    made.run(600)
    made.edit()
    case = made.until(*ENDS)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert made.holds() == "good"


def test_a_deleted_one_is_made_again_where_pods_miss_it() -> None:
    made = world()
    made.run(60)
    made.configuration.remove(REF.namespace, CONFIG)
    made.cluster.fault("v1.0.0", Fault(kind=FaultKind.CONFIG_ERROR))
    made.until(Phase.WATCHING)
    made.cluster.accidents.remove_pod(REF, made.pods()[0])
    made.until(Phase.ROLLING_BACK)
    assert made.holds() == "good"
