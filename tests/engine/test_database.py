"""A release that migrated its database: never undone unsaid, taken back only with leave, never by half."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.migration import DowngradeChoice
from daemon.core.policy import Mode, Policy
from daemon.ports import Denied, Unavailable
from tests.engine.world import POLICY, World
from tests.simulation.database import HALF, NEW, OLD, TwinDatabase, policy_of

BAD = "v1.1.0-crash"
ALLOWED, FORBIDDEN = DowngradeChoice.ALLOWED, DowngradeChoice.FORBIDDEN
ENDS = (Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD, Phase.ADVISED, Phase.AWAITING_APPROVAL)
PLAN = ["back-up-database", "downgrade-database", "rollback"]


class Migrated:
    """A healthy release, and a bad one that migrates where ``to`` is another version."""

    def __init__(self, choice: DowngradeChoice, *, to: str = NEW, policy: Policy = POLICY) -> None:
        self.database = TwinDatabase()
        self.world = World(rps=50.0, policy=replace(policy, migration=policy_of("job", choice)))
        for kind in ("job", "exec"):
            self.world.runners[kind].programs = dict(self.database.programs)
        self.world.settled()
        self.world.faults_of(BAD)
        self.to = to

    def release(self) -> Migrated:
        self.world.deploy(BAD)
        self.world.run(1)
        self.database.version = self.to
        return self

    def ends(self, *phases: Phase) -> Case:
        case = self.world.run_until(*(phases or ENDS), within=1200)
        self.world.run(5)
        return case

    def approve(self) -> Case:
        self.world.instruct(self.ends(), "approve")
        self.world.run(3)
        return self.ends()


def steps(case: Case) -> list[tuple[str, EffectOutcome | None]]:
    return [(effect.kind, effect.outcome) for effect in case.status.effects if effect.is_step]


def done(*kinds: str) -> list[tuple[str, EffectOutcome]]:
    return [(kind, EffectOutcome.DONE) for kind in kinds]


@pytest.mark.parametrize("choice", DowngradeChoice)
def test_a_release_that_did_not_migrate_is_rolled_back_as_ever(choice: DowngradeChoice) -> None:
    story = Migrated(choice, to=OLD).release()
    case = story.ends()
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert steps(case) == done("rollback")
    assert (story.database.backups, story.database.downgrades) == ([], [])


def test_a_release_that_migrated_is_held_with_both_versions_and_the_commands() -> None:
    story = Migrated(FORBIDDEN).release()
    case = story.ends()
    assert case.phase is Phase.HELD
    assert case.status.reason == (
        f"held, the release migrated the database ({OLD} → {NEW}), and policy forbids to downgrade it: "
        "approve to return to the template alone, and the database stays as it is"
    )
    assert steps(case) == []
    told = list(story.world.sink.incidents.values())[-1].message
    assert "kubectl exec -n greenlang postgresql-0 -- version" in told
    assert f'["downgrade", "{OLD}"]' in told
    assert "data can be lost" in told


def test_an_approval_then_returns_to_the_template_alone_and_says_so() -> None:
    story = Migrated(FORBIDDEN).release()
    case = story.approve()
    assert case.phase is Phase.ROLLED_BACK
    assert steps(case) == done("rollback")
    assert any(f"the database stays at {NEW}" in entry.text for entry in case.status.timeline)
    assert story.database.downgrades == []


def test_with_leave_the_database_is_backed_up_taken_back_and_only_then_the_template() -> None:
    story = Migrated(ALLOWED).release()
    case = story.ends()
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert steps(case) == done(*PLAN)
    assert (story.database.backups, story.database.downgrades) == ([NEW], [NEW])
    assert story.database.version == OLD
    assert case.status.migration.decided is not None
    assert case.status.migration.decided.version == OLD
    assert story.world.runners["job"].left == ()


def test_a_backup_that_fails_ends_the_plan_before_anything_was_done() -> None:
    story = Migrated(ALLOWED).release()
    story.database.disk_full = True
    case = story.ends()
    assert case.phase is Phase.HELD
    assert "the backup of the database failed: exit code 1 after 0.1 s: No space left" in case.status.reason
    assert "half-done" in case.status.reason
    assert "approve to return to the template alone" in case.status.reason
    assert (story.world.tag(), story.database.version, story.database.downgrades) == (BAD, NEW, [])


@pytest.mark.parametrize("at", [HALF, NEW])
def test_a_downgrade_that_fails_is_said_as_it_is_and_nothing_further_is_done(at: str) -> None:
    story = Migrated(ALLOWED).release()
    story.database.fails_at = at
    case = story.ends()
    assert case.phase is Phase.HELD
    where = f"still at {at}" if at == NEW else f"at {at} now, neither {NEW} nor {OLD}"
    assert f"the database is {where}" in case.status.reason
    assert (
        "half-done: the backup of the database was done, the downgrade of the database was begun and did not "
        "end well, the rollback was not done; nothing further is done"
    ) in case.status.reason
    assert story.world.tag() == BAD
    case = story.approve()
    assert case.phase is Phase.ROLLED_BACK
    assert len(story.database.downgrades) == 1, "an approval afterwards touches the database no more"
    assert any(f"the database stays at {at}" in entry.text for entry in case.status.timeline)


@pytest.mark.parametrize("choice", DowngradeChoice)
def test_a_version_that_cannot_be_read_now_is_no_reason_to_guess(choice: DowngradeChoice) -> None:
    story = Migrated(choice, to=OLD)
    story.database.silent = True
    case = story.release().ends()
    assert case.phase is Phase.HELD
    assert case.status.reason.startswith("held, whether the release migrated the database is not known: ")
    assert "its version cannot be read now" in case.status.reason
    assert "exit code 2 after 0.1 s: connection refused" in case.status.reason
    assert story.world.tag() == BAD


@pytest.mark.parametrize("choice", DowngradeChoice)
def test_a_version_that_was_not_read_then_is_no_reason_to_guess(choice: DowngradeChoice) -> None:
    database = TwinDatabase()
    database.silent = True
    story = Migrated.__new__(Migrated)
    story.database, story.to = database, OLD
    story.world = World(rps=50.0, policy=replace(POLICY, migration=policy_of("job", choice)))
    story.world.runners["exec"].programs = dict(database.programs)
    story.world.settled()
    story.world.faults_of(BAD)
    healthy = story.world.newest()
    assert healthy is not None
    assert any("cannot be read" in entry.text for entry in healthy.status.timeline)
    story.world.deploy(BAD)
    story.world.run(1)
    database.silent = False
    case = story.ends()
    assert case.phase is Phase.HELD
    assert "its version was not read while revision 1" in case.status.reason


def test_the_version_is_remembered_once_it_can_be_read() -> None:
    story = Migrated(FORBIDDEN)
    case = story.world.newest()
    assert case is not None
    assert case.status.migration.healthy is not None
    assert case.status.migration.healthy.version == OLD
    story.world.deploy("v1.0.1")
    story.world.run(2)
    story.database.silent = True
    case = story.world.run_until(Phase.HEALTHY, within=1200)
    story.world.run(120)
    assert case.status.migration.begun is not None
    asked = len(story.world.runners["exec"].starts)
    for _ in range(60):
        story.world.run(5)
        story.world.resync()
    assert len(story.world.runners["exec"].starts) - asked <= 6, "once a minute, and no more"
    story.database.silent, story.database.version = False, NEW
    story.world.run(60)
    story.world.resync()
    case = story.world.newest()
    assert case is not None
    assert case.status.migration.healthy is not None
    assert case.status.migration.healthy.version == NEW


def test_without_a_right_to_read_it_the_case_says_so_at_once() -> None:
    story = Migrated(ALLOWED, to=OLD)
    story.world.runners["exec"].calls.fail(Denied("pods/exec is forbidden"))
    case = story.release().ends()
    assert case.phase is Phase.HELD
    assert "pods/exec is forbidden" in case.status.reason


def test_a_reading_that_the_api_server_does_not_answer_is_made_again() -> None:
    story = Migrated(FORBIDDEN, to=OLD).release()
    story.world.runners["exec"].calls.fail_next(2, Unavailable("connection reset"))
    case = story.ends()
    assert case.phase is Phase.ROLLED_BACK, case.status.reason


@pytest.mark.parametrize(
    ("mode", "phase"), [(Mode.APPROVAL, Phase.AWAITING_APPROVAL), (Mode.ADVISE, Phase.ADVISED)]
)
def test_whoever_is_asked_is_told_what_an_approval_does(mode: Mode, phase: Phase) -> None:
    story = Migrated(ALLOWED, policy=replace(POLICY, mode=mode)).release()
    case = story.ends()
    assert case.phase is phase
    assert (
        f"the release migrated the database ({OLD} → {NEW}): approve to back the database up, "
        f"downgrade it to {OLD} and return to revision 1"
    ) in case.status.reason
    case = story.approve()
    assert (case.phase, steps(case)) == (Phase.ROLLED_BACK, done(*PLAN))


def test_an_approval_that_comes_after_a_migration_nobody_heard_of_asks_again() -> None:
    story = Migrated(FORBIDDEN, to=OLD, policy=replace(POLICY, mode=Mode.APPROVAL)).release()
    assert story.ends().phase is Phase.AWAITING_APPROVAL
    story.database.version = NEW
    case = story.approve()
    assert case.phase is Phase.HELD
    assert f"the release migrated the database ({OLD} → {NEW})" in case.status.reason
    assert story.world.tag() == BAD
    case = story.approve()
    assert case.phase is Phase.ROLLED_BACK
    assert steps(case)[-1] == ("rollback", EffectOutcome.DONE)


def test_somebody_else_who_migrates_meanwhile_is_not_worked_against() -> None:
    story = Migrated(ALLOWED, policy=replace(POLICY, mode=Mode.APPROVAL)).release()
    story.ends()
    story.database.version = "d5e6"
    case = story.approve()
    assert case.phase is Phase.HELD
    assert f"the database is at d5e6, and was at {NEW} when its downgrade was decided" in case.status.reason
    assert story.database.downgrades == []


def test_a_backup_that_takes_longer_than_the_rollback_may_is_waited_for() -> None:
    story = Migrated(ALLOWED, policy=replace(POLICY, rollback_deadline=60.0)).release()
    held: list[object] = []
    run = story.world.beside

    def slowly(job: object) -> object:
        if not held and any("back" in e.kind and e.begun_at for e in (story.world.newest() or case).pending):
            held.append(job)
            return None
        return run(job)  # type: ignore[arg-type]

    case = story.world.run_until(Phase.PROGRESSING, Phase.WATCHING, Phase.FAILING, within=60)
    story.world.beside = slowly
    story.world.run_until(Phase.ROLLING_BACK, within=600)
    story.world.run(200)
    case = story.world.newest() or case
    assert case.phase is Phase.ROLLING_BACK, case.status.reason
    assert held
    held[0]()  # type: ignore[operator]
    case = story.ends()
    assert (case.phase, steps(case)) == (Phase.ROLLED_BACK, done(*PLAN))


def test_a_backup_that_is_not_allowed_is_held_with_the_words_of_whoever_forbids_it() -> None:
    story = Migrated(ALLOWED, policy=replace(POLICY, rollback_deadline=60.0)).release()
    story.world.runners["job"].calls.fail(Denied("jobs are forbidden: grant create on jobs"))
    case = story.ends()
    assert case.phase is Phase.HELD
    assert (
        "did not come to an end within 420 s (jobs are forbidden: grant create on jobs)" in case.status.reason
    )
    assert story.database.backups == []
    assert story.world.tag() == BAD
