from __future__ import annotations

import os

import pytest

from daemon.cli.instructions import person
from daemon.core.case.case import Instruction
from daemon.core.case.images import AskedImage
from daemon.engine.manual import Asked
from daemon.ports import Conflict, Missing, Rejected
from tests.unit.cli.conftest import FakeParts, Rollbackd, answer
from tests.unit.web import samples


def instruction(parts: FakeParts, name: str) -> Instruction | None:
    return parts.memory.get("greenlang", name).spec.instruction


@pytest.mark.usefixtures("story")
class TestInstructions:
    def test_an_approval_is_written_into_the_case(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        result = rollbackd("approve", "gl-010", "--reason", " agreed ")

        order = instruction(parts, samples.awaiting().name)
        assert result.exit_code == 0
        assert order is not None
        assert (order.action, order.reason, order.at) == ("approve", "agreed", samples.at(1300))
        assert order.by == person("")
        assert "rollbackd show greenlang/gl-010-emissions-r12-" in result.stdout

    @pytest.mark.parametrize(("command", "case"), [("approve", "gl-010"), ("hold", "gl-007")])
    def test_a_person_may_be_named(self, rollbackd: Rollbackd, command: str, case: str) -> None:
        given = answer(rollbackd(command, case, "--by", " anna ", "-o", "json"))

        assert given["instruction"]["by"] == "anna"

    def test_a_hold_as_well(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        given = answer(rollbackd("hold", "gl-007", "-o", "json"))

        order = instruction(parts, samples.watching().name)
        assert given["instruction"]["action"] == "hold"
        assert order is not None
        assert order.action == "hold"

    @pytest.mark.parametrize(
        ("command", "case", "says"),
        [
            ("approve", "gl-007", "is Watching: only a case that awaits approval"),
            ("approve", "gl-006", "is RolledBack"),
            ("hold", "gl-006", "is RolledBack: only a case whose rollback has not begun"),
        ],
    )
    def test_what_would_have_no_effect_is_refused(
        self, rollbackd: Rollbackd, parts: FakeParts, command: str, case: str, says: str
    ) -> None:
        result = rollbackd(command, case)

        assert result.exit_code == 1
        assert says in result.stderr
        assert all(found.spec.instruction is None for found in parts.memory.cases())

    def test_somebody_wrote_in_between(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.memory.writes.fail(Conflict("RolloutCase greenlang/x changed since: read it again"))

        result = rollbackd("approve", "gl-010")

        assert result.exit_code == 1
        assert result.stderr.startswith("error: RolloutCase greenlang/x changed since")


class TestPerson:
    def test_the_local_user(self) -> None:
        assert person("", lambda: "anna") == "anna"
        assert person("  ", lambda: "anna") == "anna"

    def test_a_name_that_is_given_goes_before(self) -> None:
        assert person("berta", lambda: "anna") == "berta"

    @pytest.mark.parametrize("trouble", [KeyError("getpwuid(): uid not found: 10001"), OSError("no name")])
    def test_a_user_without_a_name_is_a_number(self, trouble: Exception) -> None:
        def nameless() -> str:
            raise trouble

        assert person("", nameless, lambda: 10001) == "uid 10001"
        assert person("", nameless) == f"uid {os.getuid()}"


def images(*pairs: tuple[str, str]) -> Asked:
    return Asked(images=tuple(AskedImage(version=version, container=name) for version, name in pairs))


class TestRollback:
    @pytest.mark.parametrize(
        ("arguments", "ref"),
        [
            (["gl-006-heatreclaim"], "greenlang/gl-006-heatreclaim"),
            (["deployment/gl-007-furnace"], "furnaces/gl-007-furnace"),
            (["other/thing"], "other/thing"),
            (["thing", "-n", "other"], "other/thing"),
            (["deploy/thing", "--namespace=other"], "other/thing"),
        ],
    )
    def test_the_workload_may_be_named_in_many_ways(
        self, rollbackd: Rollbackd, parts: FakeParts, arguments: list[str], ref: str
    ) -> None:
        result = rollbackd("rollback", *arguments, "--yes")

        assert result.exit_code == 0
        assert parts.asked("rollback") == [(ref, Asked(), False)]
        assert "rollout: 3 of 3 updated" in result.stdout

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("thing", "which thing? There are guarded namespaces furnaces, greenlang: add --namespace"),
            ("a/b/c", "is not a name"),
            ("greenlang/", "is not a name"),
        ],
    )
    def test_a_name_that_could_be_anything_is_refused(
        self, rollbackd: Rollbackd, parts: FakeParts, name: str, says: str
    ) -> None:
        result = rollbackd("rollback", name, "--yes")

        assert result.exit_code == 2
        assert says in result.stderr
        assert parts.asked("rollback") == []

    def test_two_namespaces_contradict(self, rollbackd: Rollbackd) -> None:
        result = rollbackd("rollback", "a/thing", "-n", "b", "-y")

        assert result.exit_code == 2
        assert "'a/thing' is in a, and --namespace says b" in result.stderr

    @pytest.mark.parametrize(
        ("options", "asked"),
        [
            ((), Asked()),
            (("--to-revision", "7"), Asked(revision=7)),
            (("--to-revision", "7", "--unproven"), Asked(revision=7, unproven=True)),
            (("--to-image", "v1.0.0"), images(("v1.0.0", ""))),
            (("--image", "v1", "--container", "web"), images(("v1", "web"))),
        ],
    )
    def test_it_asks_first(
        self,
        rollbackd: Rollbackd,
        parts: FakeParts,
        options: tuple[str, ...],
        asked: Asked,
    ) -> None:
        refused = rollbackd("rollback", "gl-006-heatreclaim", *options, stdin="n\n")
        silent = rollbackd("rollback", "gl-006-heatreclaim", *options)

        assert refused.exit_code == silent.exit_code == 2
        assert "Roll back greenlang/gl-006-heatreclaim from revision 8 to revision 7?" in refused.stderr
        assert "nothing was done" in silent.stderr
        assert parts.asked("rollback") == []

        agreed = rollbackd("rollback", "gl-006-heatreclaim", *options, stdin="y\n")

        assert agreed.exit_code == 0
        assert parts.asked("rollback") == [("greenlang/gl-006-heatreclaim", asked, False)]

    def test_a_dry_run_needs_no_answer(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        assert rollbackd("rollback", "gl-006-heatreclaim", "--dry-run").exit_code == 0
        assert parts.asked("rollback") == [("greenlang/gl-006-heatreclaim", Asked(), True)]

    def test_programs_get_one_document(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.code = 1

        result = rollbackd("rollback", "gl-006-heatreclaim", "-y", "-o", "json")

        assert result.exit_code == 1
        assert answer(result) == {"workload": "greenlang/gl-006-heatreclaim", "dryRun": False, "ok": False}
        assert "rollout: 3 of 3 updated" in result.stderr

    @pytest.mark.parametrize(
        ("trouble", "code"),
        [(Missing("Deployment x does not exist"), 4), (Rejected("there is no revision 99"), 2)],
    )
    def test_the_reason_of_a_failure_and_its_code(
        self, rollbackd: Rollbackd, parts: FakeParts, trouble: Missing | Rejected, code: int
    ) -> None:
        parts.trouble = trouble

        result = rollbackd("rollback", "gl-006-heatreclaim", "-y")

        assert result.exit_code == code
        assert result.stderr == f"error: {trouble}\n"

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (("--to-revision", "7", "--to-image", "v1"), "--to-revision and --to-image exclude each other"),
            (("--unproven",), "--unproven is about --to-revision"),
            (("--container", "web"), "--container says whose image is set: add --to-image"),
            (("--to-image", "v1", "--container", "a", "--container", "a"), "a container is named twice"),
            (("--to-image", "v1", "--to-image", "v2"), "2 images and 0 containers"),
        ],
    )
    def test_options_that_contradict_each_other(
        self, rollbackd: Rollbackd, parts: FakeParts, options: tuple[str, ...], says: str
    ) -> None:
        result = rollbackd("rollback", "gl-006-heatreclaim", *options, "-y")

        assert result.exit_code == 2
        assert says in result.stderr
        assert parts.asked("rollback") == []

    @pytest.mark.parametrize(
        ("options", "pairs"),
        [
            (("v1", "a", "b"), (("v1", "a"), ("v1", "b"))),
            (("v1", "a"), (("v1", "a"),)),
        ],
    )
    def test_one_image_may_be_that_of_several_containers(
        self,
        rollbackd: Rollbackd,
        parts: FakeParts,
        options: tuple[str, ...],
        pairs: tuple[tuple[str, str], ...],
    ) -> None:
        version, *containers = options
        named = [word for name in containers for word in ("--container", name)]
        rollbackd("rollback", "gl-006-heatreclaim", "--to-image", version, *named, "-y")

        assert parts.asked("rollback") == [("greenlang/gl-006-heatreclaim", images(*pairs), False)]

    def test_each_container_may_have_its_own(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        words = ("--to-image", "v1", "--container", "a", "--to-image", "v2", "--container", "b")
        rollbackd("rollback", "gl-006-heatreclaim", *words, "-y")

        asked = images(("v1", "a"), ("v2", "b"))
        assert parts.asked("rollback") == [("greenlang/gl-006-heatreclaim", asked, False)]
