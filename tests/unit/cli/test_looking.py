from __future__ import annotations

import msgspec
import pytest

from daemon.core.case.case import Phase, Status
from daemon.ports import Denied, Unavailable
from tests.unit.cli.conftest import FakeParts, Rollbackd, answer
from tests.unit.web import samples


@pytest.mark.usefixtures("story")
class TestStatus:
    def test_it_shows_the_newest_case_of_each_workload(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.add(samples.case(7, opened=-500, status=Status(phase=Phase.HEALTHY)))

        result = rollbackd("status")

        lines = result.stdout.splitlines()
        assert lines[0].split() == ["WORKLOAD", "REVISION", "PHASE", "VERDICT", "AGE", "REASON"]
        assert sum("greenlang/gl-006-heatreclaim" in line for line in lines) == 1
        assert "RolledBack" in result.stdout
        assert "21m" in result.stdout
        assert "furnaces/gl-007-furnace" in result.stdout
        assert "no rollout seen yet" in result.stdout

    def test_it_is_bad_while_something_needs_a_person(self, rollbackd: Rollbackd) -> None:
        assert rollbackd("status").exit_code == 1

    def test_of_a_namespace_that_is_well_it_is_good(self, rollbackd: Rollbackd) -> None:
        assert rollbackd("status", "--namespace", "furnaces").exit_code == 0

    def test_programs_get_one_document(self, rollbackd: Rollbackd) -> None:
        found = {case["workload"]: case["phase"] for case in answer(rollbackd("status", "-o", "json"))}

        assert found == {
            "gl-006-heatreclaim": "RolledBack",
            "gl-007-furnace": "Watching",
            "gl-010-emissions": "AwaitingApproval",
        }

    def test_a_case_that_makes_no_sense_is_a_warning(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.memory.spoil("greenlang", "odd", b"{")

        result = rollbackd("status", "-o", "json")

        assert "warning: case greenlang/odd makes no sense" in result.stderr
        assert len(answer(result)) == 3


@pytest.mark.usefixtures("story")
class TestHistory:
    def test_all_cases_the_newest_first(self, rollbackd: Rollbackd) -> None:
        names = [case["workload"] for case in answer(rollbackd("history", "-o", "json"))]

        assert names == ["gl-010-emissions", "gl-007-furnace", "gl-006-heatreclaim"]

    @pytest.mark.parametrize(
        "name", ["gl-007-furnace", "greenlang/gl-007-furnace", "deployment/gl-007-furnace"]
    )
    def test_of_one_workload_however_it_is_named(self, rollbackd: Rollbackd, name: str) -> None:
        (only,) = answer(rollbackd("-o", "json", "history", name))

        assert only["phase"] == "Watching"

    def test_no_more_than_asked_for(self, rollbackd: Rollbackd) -> None:
        assert len(answer(rollbackd("history", "--limit", "2", "--output", "json"))) == 2

    def test_of_an_unknown_workload(self, rollbackd: Rollbackd) -> None:
        result = rollbackd("history", "gl-099")

        assert result.exit_code == 4
        assert result.stderr.startswith("error: there is no case of gl-099")

    def test_health_without_proof_is_called_so(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.add(samples.case(7, opened=-500, status=Status(phase=Phase.HEALTHY)))

        assert "unproven" in rollbackd("history", "gl-006-heatreclaim").stdout


@pytest.mark.usefixtures("story")
class TestShow:
    def test_the_story_with_its_proof(self, rollbackd: Rollbackd) -> None:
        result = rollbackd("show", samples.rolled_back().name)

        assert result.exit_code == 0
        assert "10:00:42   +42.0 s  Failing" in result.stdout
        assert samples.REASON in result.stdout
        assert "64 of 300 (21.3 %)" in result.stdout
        assert "1,600 to 1" in result.stdout
        assert "CrashLoopBackOff" in result.stdout
        assert "NO   latency: 2 of 90 slower than 5 s" in result.stdout
        assert "rollback: done, patched to revision 7" in result.stdout
        assert "incident opened to sentry: intended, not finished" in result.stdout
        assert "GL-006 ROLLBACK COMPLETED" in result.stdout
        assert "Contact: #incident-gl006" in result.stdout
        assert "took 1 min 37 s" in result.stdout

    @pytest.mark.parametrize(
        "name",
        ["gl-006-heatreclaim", "gl-006-heatreclaim-r8", "greenlang/gl-006", "deployment/gl-006-heatreclaim"],
    )
    def test_the_beginning_of_a_name_or_a_workload_is_enough(self, rollbackd: Rollbackd, name: str) -> None:
        shown = answer(rollbackd("show", name, "-o", "json"))

        assert shown["summary"]["name"] == samples.rolled_back().name
        assert shown["evidence"][0]["overLimitWords"] == "over a billion to 1"

    def test_a_beginning_of_several_names_is_not(self, rollbackd: Rollbackd) -> None:
        result = rollbackd("show", "gl-0")

        assert result.exit_code == 2
        assert "'gl-0' could be greenlang/gl-006-heatreclaim-r8-" in result.stderr
        assert "type more of the name" in result.stderr

    def test_a_name_that_nothing_has(self, rollbackd: Rollbackd) -> None:
        result = rollbackd("show", "gl-006", "-n", "elsewhere")

        assert result.exit_code == 4
        assert result.stderr == (
            "error: there is no case gl-006 in namespace elsewhere: see rollbackd history\n"
        )

    def test_the_same_name_in_two_namespaces(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.add(samples.case(namespace="staging", status=Status()))

        assert "add --namespace" in rollbackd("show", "gl-006-heatreclaim").stderr
        assert rollbackd("show", "gl-006-heatreclaim", "-n", "staging").exit_code == 0

    def test_a_case_that_has_only_just_begun(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.add(samples.case(9, opened=2000, status=Status()))

        result = rollbackd("show", "gl-006-heatreclaim-r9")

        assert result.exit_code == 0
        assert "Evidence" not in result.stdout

    def test_texts_from_the_cluster_do_not_steer_the_terminal(
        self, rollbackd: Rollbackd, parts: FakeParts
    ) -> None:
        reason = "\x1b[2Jgone [bold]not markup[/bold] \x07"
        parts.add(samples.case(9, opened=2000, status=Status(reason=reason)))

        result = rollbackd("show", "gl-006-heatreclaim-r9")

        assert "\x1b" not in result.stdout
        assert "[bold]not markup[/bold]" in result.stdout


@pytest.mark.parametrize("command", ["status", "history", "show x", "approve x", "hold x"])
@pytest.mark.parametrize("trouble", [Unavailable, Denied])
def test_a_cluster_that_does_not_answer_is_one_line(
    rollbackd: Rollbackd, parts: FakeParts, command: str, trouble: type[Unavailable] | type[Denied]
) -> None:
    parts.trouble = trouble("the API server at 10.0.0.1 does not answer:\ncheck --kubeconfig")

    result = rollbackd(*command.split())

    assert result.exit_code == 3
    assert result.stderr == "error: the API server at 10.0.0.1 does not answer: check --kubeconfig\n"
    assert result.stdout == ""


def test_without_cases_it_says_when_there_will_be_some(rollbackd: Rollbackd) -> None:
    assert "a case opens when" in rollbackd("history").stdout
    assert answer(rollbackd("history", "-o", "json")) == []


def test_samples_survive_storage() -> None:
    case = samples.rolled_back()
    assert msgspec.json.decode(msgspec.json.encode(case), type=type(case)) == case
