"""What pipelines and people at work call: wait, pause, resume, status --watch, and the forms of output."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from ruamel.yaml import YAML

from daemon.core.case.case import Phase, Status
from daemon.engine.release_wait import Answer, WaitResult, Wanted
from tests.unit.cli.conftest import FakeParts, Rollbackd, answer
from tests.unit.web import samples

WORKLOAD = "greenlang/gl-006-heatreclaim"


@pytest.mark.usefixtures("story")
class TestWait:
    @pytest.mark.parametrize(("found", "code"), [(Answer.HEALTHY, 0), (Answer.BAD, 1), (Answer.TIMEOUT, 124)])
    def test_the_answer_is_the_exit_code(
        self, rollbackd: Rollbackd, parts: FakeParts, found: Answer, code: int
    ) -> None:
        parts.result = WaitResult(answer=found, text="so it is", case=samples.rolled_back())

        result = rollbackd("wait", "gl-006-heatreclaim")

        assert (result.exit_code, result.stdout, result.stderr) == (
            code,
            "so it is\n",
            "waiting for a case\n",
        )
        assert answer(rollbackd("wait", "gl-006-heatreclaim", "-o", "json"))["answer"] == found
        named = rollbackd("wait", "gl-006-heatreclaim", "-o", "name").stdout
        assert named == f"rolloutcase.rollbackd.io/{samples.rolled_back().name}\n"

    @pytest.mark.parametrize(
        ("arguments", "asked"),
        [
            (["gl-006-heatreclaim"], (WORKLOAD, Wanted(), 1800.0)),
            (["deploy/gl-006-heatreclaim", "--timeout", "90s"], (WORKLOAD, Wanted(), 90.0)),
            ([WORKLOAD, "--image", "v2"], (WORKLOAD, Wanted(image="v2"), 1800.0)),
            (["gl-006-heatreclaim", "--revision", "9"], (WORKLOAD, Wanted(revision=9), 1800.0)),
            (["other/gl-006"], ("other/gl-006", Wanted(), 1800.0)),
            (["gl-006-heatreclaim-r8"], (samples.rolled_back().key, Wanted(), 1800.0)),
        ],
    )
    def test_a_workload_or_a_case(
        self, rollbackd: Rollbackd, parts: FakeParts, arguments: list[str], asked: object
    ) -> None:
        assert rollbackd("wait", *arguments).exit_code == 0
        assert parts.asked("wait") == [asked]

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["x", "--revision", "1", "--image", "v1"], "exclude each other"),
            (["gl-006-heatreclaim-r8", "--image", "v1"], "are about a WORKLOAD"),
            (["x", "--timeout", "soon"], "'soon' is not a duration: write it as 30s, 10m, 2h or 1h30m"),
            (["x", "--timeout", "0"], "'0' is not a duration"),
        ],
    )
    def test_what_contradicts_itself(
        self, rollbackd: Rollbackd, parts: FakeParts, arguments: list[str], says: str
    ) -> None:
        result = rollbackd("wait", *arguments)

        assert result.exit_code == 2
        assert says in result.stderr
        assert parts.asked("wait") == []


class TestPause:
    def test_for_a_time_or_for_good(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        timed = rollbackd("pause", "gl-006-heatreclaim", "--for", "2h")
        lasting = rollbackd("pause", "gl-006-heatreclaim")

        assert timed.stdout.startswith(f"{WORKLOAD} is paused until 2026-11-24T12:20:00Z; take it off with")
        assert lasting.stdout.startswith(f"{WORKLOAD} is paused until it is resumed")
        assert parts.asked("pause") == [(WORKLOAD, 7200.0), (WORKLOAD, None)]

    def test_resumed(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        assert rollbackd("resume", "gl-006-heatreclaim").stdout == f"{WORKLOAD} is not paused\n"
        assert parts.asked("resume") == [WORKLOAD]


@pytest.mark.usefixtures("story")
class TestForms:
    @pytest.mark.parametrize("command", ["status", "history"])
    def test_names_are_those_that_kubectl_takes(self, rollbackd: Rollbackd, command: str) -> None:
        lines = rollbackd(command, "-o", "name").stdout.splitlines()

        assert len(lines) == 3
        assert f"rolloutcase.rollbackd.io/{samples.rolled_back().name}" in lines

    @pytest.mark.parametrize("command", ["status", "history"])
    def test_wide_adds_what_a_terminal_has_no_room_for(self, rollbackd: Rollbackd, command: str) -> None:
        wide, usual = (rollbackd(command, "-o", form).stdout for form in ("wide", "table"))

        for added in ("IMAGE", "RETURN TO", samples.rolled_back().spec.revision.image):
            assert added in wide
            assert added not in usual

    def test_yaml_is_what_json_is(self, rollbackd: Rollbackd) -> None:
        given = YAML(typ="safe").load(rollbackd("history", "-o", "yaml").stdout)

        assert [one["phase"] for one in given] == [
            one["phase"] for one in answer(rollbackd("history", "-o", "json"))
        ]
        assert isinstance(given[0]["openedAt"], str)


@pytest.mark.usefixtures("story")
class TestWatch:
    def test_only_what_changes_is_printed_again(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        def recovers() -> None:
            case = parts.memory.get(samples.watching().namespace, samples.watching().name)
            parts.memory.save(msgspec.structs.replace(case, status=Status(phase=Phase.HEALTHY)))

        parts.meanwhile = [lambda: None, recovers, lambda: None]

        result = rollbackd("status", "--watch")

        assert result.stdout.count("gl-006-heatreclaim") == 1
        assert result.stdout.count(str(samples.watching().ref)) == 2
        assert "Healthy" in result.stdout.splitlines()[-1]
        assert result.exit_code == 1, "what it was when it was ended"

    def test_it_is_not_for_programs(self, rollbackd: Rollbackd) -> None:
        result = rollbackd("status", "--watch", "-o", "json")

        assert result.exit_code == 2
        assert "kubectl get rolloutcases --watch" in result.stderr


class TestWithoutASettingsFile:
    @pytest.fixture(autouse=True)
    def nowhere(self, parts: FakeParts, tmp_path: Path) -> None:
        parts.config_places = (tmp_path / "none.yaml",)
        parts.add(samples.rolled_back(), samples.awaiting())

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["status"], 1),
            (["history", "gl-006-heatreclaim"], 0),
            (["show", "gl-006-heatreclaim"], 0),
            (["explain", "gl-006-heatreclaim"], 0),
            (["wait", "gl-006-heatreclaim"], 0),
            (["pause", "gl-006-heatreclaim"], 0),
            (["approve", "gl-010"], 0),
            (["rollback", "gl-006-heatreclaim", "--yes"], 0),
        ],
    )
    def test_what_lies_in_the_cluster_can_be_looked_at(
        self, rollbackd: Rollbackd, arguments: list[str], code: int
    ) -> None:
        result = rollbackd(*arguments)

        assert result.exit_code == code, result.stderr
