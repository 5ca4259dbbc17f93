"""Recorded samples in, judgements out; neither cluster nor Prometheus."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.adapters.recording.recorded_cases import NO_ROLLOUT
from daemon.settings import example_file
from tests.unit.cli.conftest import FakeParts, Rollbackd
from tests.unit.cli.recorded import START, finals, judgements, story, text, two_stories

KEYS = [
    "case",
    "at",
    "verdict",
    "decision",
    "signal",
    "reason",
    "e_value",
    "attribution",
    "attribution_reason",
    "final",
]


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    return two_stories(tmp_path)


class TestJudging:
    def test_lines_of_json_for_each_change_and_a_last_one(self, rollbackd: Rollbackd, samples: Path) -> None:
        result = rollbackd("judge", str(samples))

        found = judgements(result)
        assert (result.exit_code, result.stderr) == (0, "")
        assert finals(result) == {"bad": "rollback", "good": "pass"}
        assert all(list(each) == KEYS for each in found)
        bad = [each for each in found if each["case"] == "bad"]
        assert bad[-1]["at"] == START + 15, "an outage of 40 % is plain at the first scrape"
        assert (bad[-1]["verdict"], bad[-1]["signal"]) == ("failing", "errors")
        assert bad[-1]["attribution"] == "deployment"
        assert bad[-1]["attribution_reason"]
        assert bad[-1]["e_value"] > 100

    def test_standard_input_and_several_files_are_one_record(
        self, rollbackd: Rollbackd, tmp_path: Path
    ) -> None:
        lines = text(story()).splitlines(keepends=True)
        parts = [tmp_path / "one", tmp_path / "two"]
        for path, piece in zip(parts, (lines[:14], lines[14:]), strict=True):
            path.write_text("".join(piece))

        whole = rollbackd("judge", "-", stdin="".join(lines))

        assert finals(whole) == {"a": "rollback"}
        assert rollbackd("judge", *map(str, parts)).stdout == whole.stdout
        assert rollbackd("judge", str(parts[0]), "-", stdin="".join(lines[14:])).stdout == whole.stdout

    def test_cases_may_be_interleaved(self, rollbackd: Rollbackd) -> None:
        bad, good = (text(story("bad")), text(story("good", bad_in_100=0)))
        turns = [line for pair in zip(bad.splitlines(), good.splitlines(), strict=True) for line in pair]

        assert finals(rollbackd("judge", "-", stdin="\n".join(turns))) == {"bad": "rollback", "good": "pass"}

    def test_people_get_words(self, rollbackd: Rollbackd, samples: Path) -> None:
        result = rollbackd("judge", str(samples), "-o", "table")

        head, *lines = result.stdout.splitlines()
        assert head.split() == ["TIME", "(UTC)", "CASE", "VERDICT", "DECISION", "REASON"]
        last = next(line for line in lines if " last " in line)
        assert last.startswith("2024-10-27 03:33:35  bad ")
        for word in ("failing", "rollback", "error rate 400 of 1000 (40 %)", "attributed to: deployment"):
            assert word in last

    def test_json_may_be_asked_for(self, rollbackd: Rollbackd, samples: Path) -> None:
        assert (
            rollbackd("-o", "json", "judge", str(samples)).stdout == rollbackd("judge", str(samples)).stdout
        )

    def test_a_case_without_rollout_is_told_of(self, rollbackd: Rollbackd) -> None:
        result = rollbackd("judge", "-", stdin=text(iter(list(story())[:10])))

        (only,) = judgements(result)
        assert result.exit_code == 0
        assert result.stderr == f"note: case 'a': {NO_ROLLOUT}\n"
        assert (only["verdict"], only["decision"], only["final"]) == ("unknown", "hold", True)
        assert only["reason"] == NO_ROLLOUT

    def test_names_of_cases_do_not_steer_the_terminal(self, rollbackd: Rollbackd) -> None:
        lines = text(story("a\x1b[2J\nb"))

        words = rollbackd("judge", "-", "-o", "table", stdin=lines).stdout

        assert "\x1b" not in words
        assert all(line.startswith(("TIME", "2024-")) for line in words.splitlines())
        assert set(finals(rollbackd("judge", "-", stdin=lines))) == {"a\x1b[2J\nb"}


class TestPolicy:
    def test_the_files_limits_count(self, rollbackd: Rollbackd, samples: Path, tmp_path: Path) -> None:
        config = tmp_path / "mild.yaml"
        config.write_text("signals: [{name: errors, limit: 0.9}]\npolicy: {watch: 60s}\n")

        for arguments in (
            ["-c", str(config), "judge", str(samples)],
            ["judge", "--config", str(config), str(samples)],
        ):
            result = rollbackd(*arguments)
            assert result.exit_code == 0, result.stderr
            assert finals(result) == {"bad": "pass", "good": "pass"}
            assert all(each["at"] <= START + 60 for each in judgements(result))

    def test_what_concerns_the_cluster_is_not_looked_at(
        self, rollbackd: Rollbackd, samples: Path, parts: FakeParts
    ) -> None:
        with parts.config.open("a") as file:
            file.write(
                "prometheus: {bearer_token_file: /var/run/not/mounted}\n"
                "kubernetes: {kubeconfig: /not/there}\nweb: {token_file: /not/there}\n"
            )

        assert rollbackd("check-config").exit_code == 2
        parts.calls.clear()
        result = rollbackd("judge", str(samples), env={"ROLLBACKD_PROMETHEUS__URL": "not an address"})
        assert finals(result) == {"bad": "rollback", "good": "pass"}
        assert parts.calls == [], "neither the cluster nor the log was set up"

    def test_without_a_settings_file_the_example_is_used_and_named(
        self, rollbackd: Rollbackd, samples: Path, parts: FakeParts
    ) -> None:
        parts.config.unlink()

        result = rollbackd("judge", str(samples))

        assert finals(result) == {"bad": "rollback", "good": "pass"}
        assert "the signals and limits are those of the example" in result.stderr
        assert str(example_file()) in result.stderr

    def test_wrong_settings_are_told(self, rollbackd: Rollbackd, samples: Path, parts: FakeParts) -> None:
        parts.config.write_text("signals: [{name: errors, limit: 5}]\n")

        result = rollbackd("judge", str(samples))

        assert (result.exit_code, result.stdout) == (2, "")
        assert "signals[0].limit" in result.stderr
        assert "write 0.05 for 5 %" in result.stderr

    @pytest.fixture
    def several(self, parts: FakeParts) -> None:
        parts.config.write_text(
            "workloads:\n"
            "  - {namespace: x, name: mild, signals: [{name: errors, limit: 0.9}]}\n"
            "  - {namespace: x, name: twin}\n"
            "  - {namespace: y, name: twin}\n"
            "signals: [{name: errors, limit: 0.05}]\n"
        )

    @pytest.mark.usefixtures("several")
    @pytest.mark.parametrize("name", ["mild", "x/mild", "deployment/mild"])
    def test_a_workloads_own_policy(self, rollbackd: Rollbackd, samples: Path, name: str) -> None:
        assert finals(rollbackd("judge", str(samples)))["bad"] == "rollback"
        assert finals(rollbackd("judge", str(samples), "--workload", name))["bad"] == "pass"

    @pytest.mark.usefixtures("several")
    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("gl-099", "the settings do not guard it; they guard: x/mild, x/twin, y/twin"),
            ("y/mild", "the settings do not guard it; they guard"),
            ("twin", "there are several; write one of: x/twin, y/twin"),
            ("a/b/c", "is not a name"),
        ],
    )
    def test_a_workload_that_is_not_known(
        self, rollbackd: Rollbackd, samples: Path, name: str, says: str
    ) -> None:
        result = rollbackd("judge", str(samples), "--workload", name)

        assert result.exit_code == 2
        assert says in result.stderr

    def test_of_one_workload_its_own_policy_counts_unasked(
        self, rollbackd: Rollbackd, samples: Path, parts: FakeParts
    ) -> None:
        parts.config.write_text(
            "workloads: [{namespace: x, name: mild, signals: [{name: errors, limit: 0.9}]}]\n"
            "signals: [{name: errors, limit: 0.05}]\n"
        )

        assert finals(rollbackd("judge", str(samples)))["bad"] == "pass"


class TestPlot:
    @pytest.mark.parametrize(("ending", "begins"), [(".svg", b"<?xml"), (".PNG", b"\x89PNG")])
    def test_the_evidence_is_drawn(
        self, rollbackd: Rollbackd, samples: Path, tmp_path: Path, ending: str, begins: bytes
    ) -> None:
        picture = tmp_path / f"evidence{ending}"

        result = rollbackd("judge", str(samples), "--plot", str(picture))

        assert (result.exit_code, result.stderr) == (0, "")
        assert finals(result) == {"bad": "rollback", "good": "pass"}
        assert picture.read_bytes().startswith(begins)

    def test_of_many_cases_the_first_are_drawn(self, rollbackd: Rollbackd, tmp_path: Path) -> None:
        picture = tmp_path / "evidence.svg"
        cases = (story(f"case-{index}") for index in range(14))

        result = rollbackd("judge", "-", "--plot", str(picture), stdin=text(*cases))

        assert result.exit_code == 0
        assert result.stderr == f"note: {picture} shows the first 12 of 14 cases\n"
        assert ("case-11" in picture.read_text(), "case-12" in picture.read_text()) == (True, False)

    @pytest.mark.parametrize(
        ("name", "says"), [("e.pdf", "let it end in .svg or .png"), ("no/e.svg", "there is no directory")]
    )
    def test_a_picture_that_cannot_be_is_told_before_the_work(
        self, rollbackd: Rollbackd, samples: Path, tmp_path: Path, name: str, says: str
    ) -> None:
        result = rollbackd("judge", str(samples), "--plot", str(tmp_path / name))

        assert (result.exit_code, result.stdout) == (2, "")
        assert says in result.stderr

    def test_without_a_rollout_there_is_nothing_to_draw(self, rollbackd: Rollbackd, tmp_path: Path) -> None:
        result = rollbackd("judge", "-", "--plot", str(tmp_path / "e.svg"), stdin="")

        assert result.exit_code == 2
        assert "--plot: there is nothing to draw" in result.stderr
