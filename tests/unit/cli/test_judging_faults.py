"""Judging samples that are malformed, cut off or gone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import FakeParts, Rollbackd
from tests.unit.cli.recorded import START, Begin, finals, judgements, story, text, two_stories


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    return two_stories(tmp_path)


class TestFaults:
    def test_malformed_lines_are_named_and_the_run_goes_on(
        self, rollbackd: Rollbackd, tmp_path: Path
    ) -> None:
        path = tmp_path / "mixed.jsonl"
        wrong = ['{"at": 1', '{"at": 1, "event": "no"}', json.dumps(next(story()) | {"total": "1"})]
        path.write_text("\n".join([*wrong, "", text(story())]))

        result = rollbackd("judge", str(path))

        assert result.exit_code == 1
        assert finals(result) == {"a": "rollback"}
        lines = result.stderr.splitlines()
        assert [line.partition(" is ")[0] for line in lines[1:]] == [
            f'error: {path}: line 2: event: "no"',
            f'error: {path}: line 3: total: "1"',
        ]
        assert lines[0].startswith(f"error: {path}: line 1: this is not JSON")

    def test_a_signal_of_another_policy_is_a_fault(self, rollbackd: Rollbackd) -> None:
        result = rollbackd("judge", "-", stdin=text(story(signal="cpu")))

        assert result.exit_code == 1
        assert (
            'standard input: line 1: signal: the policy has no signal "cpu": valid here: errors, latency'
            in (result.stderr)
        )

    def test_rollouts_of_a_case_out_of_order_are_a_fault(self, rollbackd: Rollbackd) -> None:
        earlier = {"case": "a", "at": START - 9999, "event": "rollout-started", "revision": "older"}

        result = rollbackd("judge", "-", stdin=text(story(), iter([earlier])))

        assert result.exit_code == 1
        assert "line 32: at: the rollout of older is told after what came later" in result.stderr
        assert "write a workload's rollouts one after the other" in result.stderr

    def test_nothing_to_judge(self, rollbackd: Rollbackd) -> None:
        none = rollbackd("judge")
        empty = rollbackd("judge", "-")

        assert none.exit_code == 2
        assert "there is nothing to judge: name files" in none.stderr
        assert '"event": "rollout-started"' in none.stderr
        assert (empty.exit_code, empty.stdout) == (0, "")
        assert empty.stderr == "note: there was no sample in -\n"

    def test_what_the_error_teaches_is_a_recording(self, rollbackd: Rollbackd) -> None:
        from daemon.cli.commands.judge import NO_SAMPLES

        lines = [f"{{{part.partition('}')[0]}}}" for part in NO_SAMPLES.split("{")[1:]]

        result = rollbackd("judge", "-", stdin="\n".join(lines))

        assert (len(lines), result.exit_code, result.stderr) == (2, 0, "")
        assert [each["final"] for each in judgements(result)][-1]

    @pytest.mark.parametrize("name", ["absent.jsonl", "."])
    def test_a_file_that_cannot_be_read(
        self, rollbackd: Rollbackd, samples: Path, tmp_path: Path, name: str
    ) -> None:
        result = rollbackd("judge", str(samples), str(tmp_path / name))

        assert (result.exit_code, result.stdout) == (2, "")
        assert str(tmp_path / name) in result.stderr


class TestAsAProcess:
    """What only a real process shows."""

    @pytest.fixture
    def begin(self, parts: FakeParts) -> Begin:
        command = [sys.executable, "-m", "daemon", "--config", str(parts.config), "judge", "-"]

        def process(**more: Any) -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more
            )

        return process

    def test_a_judgement_is_out_before_the_input_ends_and_ctrl_c_ends_it(self, begin: Begin) -> None:
        process = begin()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(text(story()).encode())
        process.stdin.flush()

        while not json.loads(process.stdout.readline())["final"]:
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)

        assert (process.returncode, errors.strip()) == (130, b"error: interrupted")

    def test_a_reader_that_goes_away_is_no_trouble(self, begin: Begin) -> None:
        process = begin()
        assert process.stdout is not None
        process.stdout.close()

        _, errors = process.communicate(text(story()).encode(), timeout=30)

        assert (process.returncode, errors) == (1, b"")

    def test_any_locale_will_do(self, begin: Begin) -> None:
        process = begin(env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})

        out, errors = process.communicate(text(story("größe")).encode(), timeout=30)

        assert (process.returncode, errors) == (0, b"")
        assert json.loads(out.splitlines()[-1])["case"] == "größe"
