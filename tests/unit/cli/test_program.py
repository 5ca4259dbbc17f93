"""The program as a whole: help, completion, the commands that run something."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from ruamel.yaml import YAML

from daemon import __version__
from daemon.cli.root import COMMANDS, cli
from daemon.ports import Unavailable
from tests.unit.cli.conftest import FakeParts, Rollbackd, answer
from tests.unit.web import samples


def test_the_help_lists_commands_examples_and_exit_codes(rollbackd: Rollbackd) -> None:
    result = rollbackd("--help")

    assert result.exit_code == 0
    for word in (*COMMANDS, "Examples:", "Exit codes:", "--kubeconfig", "ROLLBACKD_CONFIG"):
        assert word in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_by_example(rollbackd: Rollbackd, name: str) -> None:
    result = rollbackd(name, "--help")

    assert result.exit_code == 0
    assert "Examples:\n  " in result.stdout
    assert f"rollbackd {name}" in result.stdout.partition("Examples:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, parameter.name


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    check = (
        "import sys; from daemon.cli.root import cli\n"
        "try: cli(['--help'], prog_name='rollbackd')\n"
        "except SystemExit: pass\n"
        "heavy = {'rich', 'pydantic', 'fastapi', 'kubernetes', 'requests'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )

    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_in_three_ways(rollbackd: Rollbackd) -> None:
    assert rollbackd("--version").stdout == f"rollbackd {__version__}\n"
    assert rollbackd("version").stdout == f"rollbackd {__version__}\n"
    assert answer(rollbackd("version", "-o", "json"))["version"] == __version__


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"rollbackd {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["statsu"], "there is no command statsu: did you mean status?"),
        (["xyzzy"], "there is no command xyzzy. See: rollbackd --help"),
        (["help", "rolback"], "did you mean rollback?"),
        (["completion"], "name the shell: there are scripts for bash, zsh, fish."),
        (["completion", "csh"], "'csh' is not a shell that is known here: there are scripts for bash"),
        (["--kubeconfig", "/nope", "status"], "--kubeconfig /nope: no such file."),
        (["show", "x", "-o", "name"], "show cannot write name: choose table, json, yaml."),
        (["judge", "-", "-o", "yaml"], "judge cannot write yaml: choose json, table."),
        (["status", "--wrong"], "No such option"),
        (["history", "--limit", "0"], "--limit"),
        (["show"], "Missing argument 'CASE'"),
        (["-o", "xml", "status"], "'xml' is not one of"),
        (["-c", "/does/not/exist", "status"], "does not exist"),
        (["demo", "--keep"], "--keep has nothing to keep without the page: add --port"),
    ],
)
def test_wrong_usage_is_one_line(rollbackd: Rollbackd, arguments: list[str], says: str) -> None:
    result = rollbackd(*arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_run_hands_the_settings_over(rollbackd: Rollbackd, parts: FakeParts) -> None:
    parts.code = 3

    assert rollbackd("run", "--context", "c", "--log-level", "debug").exit_code == 3
    assert parts.asked("run") == ["debug"]
    assert parts.asked("settings")[-1] == {
        "kubernetes.kubeconfig": None,
        "kubernetes.context": "c",
        "log.level": "debug",
    }
    assert parts.asked("log") == [], "the daemon sets its log up itself"


def test_the_demo_is_played_as_asked(rollbackd: Rollbackd, parts: FakeParts) -> None:
    assert rollbackd("demo", "--speed", "5", "--port", "0", "--keep").exit_code == 0
    assert parts.asked("demo") == [(5.0, 0, True)]


def test_the_demo_takes_half_a_minute_where_nothing_is_asked(rollbackd: Rollbackd, parts: FakeParts) -> None:
    """Its story lasts some 440 s of the stage's time."""
    assert rollbackd("demo").exit_code == 0
    assert parts.asked("demo") == [(15.0, None, False)]


def test_help_of_a_command_is_the_commands_help(rollbackd: Rollbackd) -> None:
    assert rollbackd("help").stdout == rollbackd("--help").stdout
    assert rollbackd("help", "rollback").stdout == rollbackd("rollback", "--help").stdout


def test_yaml_is_the_same_document(rollbackd: Rollbackd) -> None:
    given = rollbackd("version", "-o", "yaml").stdout

    assert YAML(typ="safe").load(given) == answer(rollbackd("version", "-o", "json"))


class TestCompletion:
    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_a_script_for_each_shell(self, rollbackd: Rollbackd, shell: str) -> None:
        result = rollbackd("completion", shell)

        assert result.exit_code == 0
        assert "_ROLLBACKD_COMPLETE" in result.stdout

    @pytest.mark.usefixtures("story")
    @pytest.mark.parametrize(
        ("words", "proposed"),
        [
            ("rollbackd sta", "status"),
            ("rollbackd show gl-006", samples.rolled_back().name),
            ("rollbackd approve gl-010", samples.awaiting().name),
            ("rollbackd history gl-007", "gl-007-furnace"),
            ("rollbackd rollback gl-006-heatreclaim --to", "--to-revision"),
        ],
    )
    def test_tab_proposes_commands_cases_and_workloads(
        self, rollbackd: Rollbackd, words: str, proposed: str
    ) -> None:
        assert proposed in self.tab(rollbackd, words)

    def test_tab_never_fails(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.trouble = Unavailable("it is down")

        assert self.tab(rollbackd, "rollbackd show gl") == ""

        parts.config.write_text("workloads: []")

        assert self.tab(rollbackd, "rollbackd show gl") == ""

    @staticmethod
    def tab(rollbackd: Rollbackd, words: str) -> str:
        env = {
            "_ROLLBACKD_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }
        result = rollbackd(env=env)
        assert result.stderr == ""
        return result.stdout.strip()
