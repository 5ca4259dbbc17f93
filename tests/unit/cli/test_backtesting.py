"""``rollbackd backtest`` against a Prometheus that remembers a bad release, a return and a good one."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pytest_httpserver import HTTPServer
from werkzeug import Response

from daemon.cli.root import cli
from tests.unit.backtest.server import RememberingPrometheus
from tests.unit.cli.conftest import answer
from tests.unit.cli.remembering import PastParts, world

CONFIG = """
workloads:
  - {namespace: greenlang, name: gl-006-heatreclaim}
  - {namespace: furnaces, name: gl-007-furnace}
signals:
  - {name: errors, title: error rate, bad: http_errors, total: http_total, limit: 0.05}
  - {name: latency, title: slow requests, bad: http_slow, total: http_total, limit: 0.01}
dependencies: []
prometheus: {url: URL}
"""


@pytest.fixture
def prometheus(httpserver: HTTPServer) -> RememberingPrometheus:
    return RememberingPrometheus(httpserver, world())


@pytest.fixture
def config(tmp_path: Path, prometheus: RememberingPrometheus) -> Path:
    path = tmp_path / "candidate.yaml"
    path.write_text(CONFIG.replace("URL", prometheus.url))
    return path


Backtest = Callable[..., Result]


@pytest.fixture
def backtest(config: Path, tmp_path: Path) -> Backtest:
    def run(*arguments: str, env: Mapping[str, str] | None = None) -> Result:
        line = ["backtest", *arguments]
        if "--config" not in arguments:
            line += ["--config", str(config)]
        cache_home = {"XDG_CACHE_HOME": str(tmp_path / "cache"), **(env or {})}
        return CliRunner().invoke(cli, line, obj=PastParts(config), env=cache_home, prog_name="rollbackd")

    return run


def kept(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache" / "rollbackd").glob("*"))


class TestForPeople:
    def test_each_rollout_and_the_sum(self, backtest: Backtest) -> None:
        result = backtest("gl-006-heatreclaim", "--since", "150m", "--load", "1")
        assert result.exit_code == 0, result.stderr
        lines = result.stdout.splitlines()
        assert lines[0].startswith("greenlang/gl-006-heatreclaim from 2026-01-05 08:29")
        assert lines[0].endswith("limits: errors 5 %, latency 1 %")
        bad, back, good = (line for line in lines if re.match(r"2026-01-05 \d\d:\d\d .* → ", line))
        assert re.search(r" rollback +\d+ s +rollback after \d min \d+ s +returned to \w+ after 4 min$", bad)
        assert "error rate" in result.stdout
        assert re.search(r" passed .* passed +stayed$", back)
        assert re.search(r" passed .* passed +stayed$", good)
        assert "3 rollouts: 1 would have been rolled back, 0 held, 2 passed, 0 unproven." in lines
        assert "The fixed-threshold rule: 1 rolled back, 2 passed." in lines
        assert "People went back within a day after 1." in lines

    def test_since_when_anything_is_known(self, backtest: Backtest) -> None:
        result = backtest("gl-006-heatreclaim", "--since", "30d", "--load", "1")
        assert "The metrics know this workload from 2026-01-05 09:01 on; nothing before it" in result.stdout

    def test_no_rollout(self, backtest: Backtest) -> None:
        result = backtest("gl-006-heatreclaim", "--since", "20m", "--load", "1")
        assert (result.exit_code, "No rollout in this time." in result.stdout) == (0, True)

    def test_what_was_to_come_is_said_before(self, backtest: Backtest) -> None:
        lines = backtest("gl-006-heatreclaim", "--since", "3d", "--load", "1").stderr.splitlines()
        assert lines[0] == "about 4 queries to look for rollouts, then at least 12 for each"
        assert lines[1].startswith("looked for pods up to 2026-01-03")
        assert "3 rollouts found; at most 36 queries to judge them" in lines
        assert re.fullmatch(r"1 of 3: 2026-01-05 \d\d:\d\d \w+ → \w+: rollback after \d+ s", lines[-3])


class TestForPrograms:
    def test_one_document(self, backtest: Backtest) -> None:
        found = answer(backtest("gl-006-heatreclaim", "--since", "150m", "--load", "1", "-o", "json"))
        assert found["workload"] == "greenlang/gl-006-heatreclaim"
        assert found["limits"] == {"errors": 0.05, "latency": 0.01}
        assert found["summary"] == {
            "rollouts": 3,
            "rollback": 1,
            "held": 0,
            "passed": 2,
            "unproven": 0,
            "fixedRollback": 1,
            "fixedPassed": 2,
            "returned": 1,
            "disagreements": 0,
        }
        bad = found["rollouts"][0]
        assert (bad["decision"], bad["verdict"], bad["attribution"]) == ("rollback", "failing", "deployment")
        assert bad["afterSeconds"] <= 30 < bad["fixedRule"]["afterSeconds"]
        assert bad["returned"] == {"to": bad["from"], "afterSeconds": 240.0}
        assert bad["signal"] == "errors"
        assert found["rollouts"][1]["from"] == bad["to"]

    def test_the_candidates_limits_decide(self, backtest: Backtest) -> None:
        def decisions(*more: str) -> list[str]:
            found = answer(
                backtest("gl-006-heatreclaim", "--since", "150m", "--load", "1", "-o", "json", *more)
            )
            return [rollout["decision"] for rollout in found["rollouts"]]

        assert decisions()[0] == "rollback"
        assert decisions("--limit", "errors=0.4")[0] != "rollback"

    def test_the_rules_are_compared(self, backtest: Backtest, config: Path) -> None:
        # With a limit that the healthy releases hover about, the fixed rule rolls them back.
        line = ("gl-006-heatreclaim", "--since", "150m", "--load", "1", "--limit", "errors=0.008")
        found = answer(backtest(*line, "-o", "json"))
        assert found["summary"]["disagreements"] == len(found["disagreements"]) > 0
        assert "The two rules disagree on:" in backtest(*line).stdout


class TestInterruptions:
    LINE = ("gl-006-heatreclaim", "--since", "150m", "--load", "1", "-o", "json")

    def test_an_interrupted_run_goes_on_where_it_was(
        self, backtest: Backtest, prometheus: RememberingPrometheus, tmp_path: Path
    ) -> None:
        whole = answer(backtest(*self.LINE, "--fresh"))
        straight = len(prometheus.queries)
        prometheus.queries.clear()
        prometheus.before = lambda number: Response("{}", status=503) if number == 7 else None
        broken = backtest(*self.LINE, "--fresh")
        assert broken.exit_code == 3
        assert "Prometheus at http://" in broken.stderr
        assert f"what was found is in {kept(tmp_path)[0]}" in broken.stderr
        prometheus.before = lambda _: None
        resumed = backtest(*self.LINE)
        assert resumed.exit_code == 0
        assert "going on with the run from 2026-01-05 08:2" in resumed.stderr
        assert "1 rollout judged" in resumed.stderr
        assert answer(resumed) == whole
        assert len(prometheus.queries) <= straight + 4

    def test_ctrl_c_says_how_to_go_on(
        self, backtest: Backtest, prometheus: RememberingPrometheus, tmp_path: Path
    ) -> None:
        def interrupt(number: int) -> None:
            if number == 7:
                os.kill(os.getpid(), signal.SIGINT)

        prometheus.before = interrupt
        result = backtest(*self.LINE)
        assert result.exit_code == 130
        assert "hint: the same command goes on where this one was" in result.stderr
        assert "error: interrupted" in result.stderr
        assert len(kept(tmp_path)) == 1
        prometheus.before = lambda _: None
        assert "1 rollout judged" in backtest(*self.LINE).stderr

    def test_fresh_forgets(self, backtest: Backtest, prometheus: RememberingPrometheus) -> None:
        backtest(*self.LINE)
        first = len(prometheus.queries)
        backtest(*self.LINE)
        assert len(prometheus.queries) == first + 1, "the pods alone were looked for again"
        backtest(*self.LINE, "--fresh")
        assert len(prometheus.queries) == 2 * first + 1

    def test_another_policy_is_kept_apart(self, backtest: Backtest, tmp_path: Path) -> None:
        backtest(*self.LINE)
        backtest(*self.LINE, "--limit", "errors=0.02")
        assert len(kept(tmp_path)) == 2

    def test_a_chosen_state_of_another_question_is_refused(self, backtest: Backtest, tmp_path: Path) -> None:
        state = ("--state", str(tmp_path / "mine.json"))
        assert backtest(*self.LINE, *state).exit_code == 0
        other = backtest(*self.LINE, *state, "--limit", "errors=0.02")
        assert other.exit_code == 2
        assert "mine.json belongs to another question" in other.stderr
        assert backtest(*self.LINE, *state, "--limit", "errors=0.02", "--fresh").exit_code == 0

    def test_a_damaged_state_is_set_aside(self, backtest: Backtest, tmp_path: Path) -> None:
        backtest(*self.LINE)
        (state,) = kept(tmp_path)
        state.write_bytes(state.read_bytes()[:100])
        again = backtest(*self.LINE)
        assert again.exit_code == 0
        assert f"{state} is damaged" in again.stderr
        assert state.with_name(f"{state.name}.damaged").exists()
        assert json.loads(state.read_bytes())["finished"] is True

    def test_no_place_for_it_is_no_hindrance_unless_it_was_chosen(
        self, backtest: Backtest, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("")
        result = backtest(*self.LINE, env={"XDG_CACHE_HOME": str(tmp_path / "file")})
        assert result.exit_code == 0
        assert result.stderr.count("cannot be written") == 1
        chosen = backtest(*self.LINE, "--state", str(tmp_path / "file" / "mine.json"))
        assert chosen.exit_code == 2
        assert "--state: " in chosen.stderr

    def test_nothing_half_written_is_left(self, backtest: Backtest, tmp_path: Path) -> None:
        backtest(*self.LINE)
        assert [path.suffix for path in kept(tmp_path)] == [".json"]


class TestWrongUse:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--since", "soon"), "--since soon: this is neither a duration nor a time; write 30d"),
            (("--since", "30m", "--until", "25m"), "at least ten minutes"),
            (("--until", "2027-01-01"), "not in the future"),
            (("--since", "99999999d"), "no calendar goes back so far"),
            (("--limit", "error=0.02"), "the workload's signals are errors, latency"),
            (("--limit", "errors"), "write SIGNAL=RATIO"),
            (("--limit", "errors=5"), "write errors=0.05 for 5 %"),
            (("--limit", "errors=nan"), "a limit lies between 0 and 1"),
            (("--load", "0"), "--load"),
            (("--plot", "evidence.gif"), "--plot: "),
        ],
    )
    def test_it_is_named_with_its_remedy(
        self, backtest: Backtest, arguments: tuple[str, ...], said: str, prometheus: RememberingPrometheus
    ) -> None:
        result = backtest("gl-006-heatreclaim", *arguments)
        assert result.exit_code == 2
        assert said in result.stderr
        assert not prometheus.queries

    def test_a_workload_that_never_appears(self, backtest: Backtest) -> None:
        result = backtest("furnaces/gl-007-furnace", "--since", "1h", "--load", "1")
        assert result.exit_code == 4
        assert "no pod of furnaces/gl-007-furnace is in the metrics" in result.stderr
        assert "--namespace" in result.stderr

    def test_one_that_is_not_guarded_is_judged_by_the_common_policy(self, backtest: Backtest) -> None:
        result = backtest("greenlang/gl-999", "--since", "1h", "--load", "1")
        assert "do not guard greenlang/gl-999 by name: the common policy" in result.stderr

    def test_a_prometheus_that_is_down(self, backtest: Backtest, config: Path) -> None:
        config.write_text(CONFIG.replace("URL", "http://127.0.0.1:1"))
        result = backtest("gl-006-heatreclaim", "--since", "1h", "--load", "1")
        assert result.exit_code == 3
        assert "Prometheus at http://127.0.0.1:1 cannot be reached" in result.stderr
        assert "hint: nothing was kept" in result.stderr


def test_a_span_between_two_times(backtest: Backtest) -> None:
    span = ("--since", "2026-01-05T09:00Z", "--until", "2026-01-05T10:30+00:00")
    found = answer(backtest("gl-006-heatreclaim", *span, "--load", "1", "-o", "json"))
    assert (found["since"], found["until"]) == ("2026-01-05T09:00:00Z", "2026-01-05T10:30:00Z")
    assert len(found["rollouts"]) == 2


def test_the_picture(backtest: Backtest, tmp_path: Path) -> None:
    plot = tmp_path / "evidence.svg"
    result = backtest("gl-006-heatreclaim", "--since", "150m", "--load", "1", "--plot", str(plot))
    assert result.exit_code == 0
    assert plot.read_text().count("→") >= 3
