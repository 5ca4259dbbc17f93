"""The database's version: found or not known, never guessed, and never more than one word of a command."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.case.database_commands import typed
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.steps import downgrade_database
from daemon.core.migration import (
    PLACEHOLDER,
    VERSION,
    DatabaseAct,
    DatabaseCommand,
    VersionReading,
    version_in,
)
from daemon.core.runs import Ending, RunResult
from tests.unit.core.test_plan import CASE, NOW

READ = DatabaseCommand(kind="exec", command=("show",), pod="postgresql-0")
ACT = DatabaseAct(version=READ, recorded="a1b2", found="c3d4")
EFFECT = Effect(id="downgrade-database/1", kind="downgrade-database", intended_at=NOW, database=ACT)
VERSIONS = st.sampled_from(["a1b2", "b2c3", "c3d4"])
READINGS = st.builds(VersionReading, at=st.just(NOW), version=VERSIONS) | st.just(
    VersionReading(at=NOW, problem="connection refused")
)
RESULTS = st.builds(
    RunResult, ending=st.sampled_from(Ending), passed=st.booleans(), output=st.sampled_from(["", "said"])
)


def said(output: str, *, passed: bool = True) -> RunResult:
    return RunResult(ending=Ending.FINISHED, passed=passed, code=0 if passed else 1, output=output)


@pytest.mark.parametrize(
    ("output", "pattern", "version"),
    [
        ("a1b2", "", "a1b2"),
        ("INFO  connected\na1b2\n", "", "a1b2"),
        ("version: 42", "", "42"),
        ("INFO  context\nc3d4 (head)", r"^([0-9a-f]+)(?: \(head\))?$", "c3d4"),
        ("V12__audits applied", r"V(\d+)__", "12"),
        ("a1b2\na1b2", r"^(\w+)$", "a1b2"),
    ],
)
def test_a_version_is_found_in_what_was_printed(output: str, pattern: str, version: str) -> None:
    assert version_in(said(output), pattern, NOW) == VersionReading(at=NOW, version=version)


@pytest.mark.parametrize(
    ("output", "pattern", "problem"),
    [
        ("", "", "there is none in what it printed: nothing"),
        ("all is well", r"^(\d+)$", "there is none in what it printed by the pattern"),
        ("c3d4\nd5e6", r"^(\w+)$", "there are several at once: c3d4, d5e6"),
        ("c3d4 (head)", "", "this does not look like one: '(head)'"),
        ("--sql", "", "this does not look like one"),
        ("-1", "", "this does not look like one"),
        ("a1b2;reboot", "", "this does not look like one"),
    ],
)
def test_what_is_not_plainly_one_version_is_none(output: str, pattern: str, problem: str) -> None:
    found = version_in(said(output), pattern, NOW)
    assert not found.known
    assert found.problem.startswith(problem)


@given(st.text(max_size=60), st.booleans())
def test_a_version_is_a_word_or_not_known_and_a_failed_command_has_none(output: str, passed: bool) -> None:
    found = version_in(said(output, passed=passed), "", datetime(2026, 1, 5, tzinfo=UTC))
    assert found.known != bool(found.problem)
    assert not found.known or (passed and VERSION.fullmatch(found.version))


@given(
    st.text(max_size=20),
    st.lists(st.text(alphabet="ab '\"$;{}", max_size=8), max_size=4),
    st.sampled_from(["job", "exec"]),
)
def test_a_version_is_one_argument_whatever_it_holds(version: str, words: list[str], kind: str) -> None:
    before = tuple(word for word in words if word != PLACEHOLDER)
    command = DatabaseCommand(kind=kind, command=("tool", *before, PLACEHOLDER), pod="p-0")  # type: ignore[arg-type]
    filled = command.to(version)
    assert filled.command == ("tool", *before, version)
    (line,) = typed(CASE, filled)
    typed_words = shlex.split(line)
    if kind == "exec":
        assert typed_words[typed_words.index("--") + 1 :] == list(filled.command)
    else:
        assert json.loads(typed_words[typed_words.index("command") + 1]) == list(filled.command)


@given(READINGS, st.booleans(), st.booleans())
def test_a_downgrade_is_begun_only_where_it_is_known_that_none_was(
    now: VersionReading, begun: bool, findable: bool
) -> None:
    end = downgrade_database.before(EFFECT, ACT, now, begun=begun, findable=findable)
    if end is None:
        assert now.known
        assert now.version != ACT.recorded
        assert findable if begun else now.version == ACT.found
    else:
        assert (end.outcome is EffectOutcome.DONE) == (now.version == ACT.recorded)
        assert end.version == now


@given(RESULTS, READINGS)
def test_a_downgrade_is_done_only_where_the_database_says_so(result: RunResult, now: VersionReading) -> None:
    end = downgrade_database.after(EFFECT, ACT, result, now)
    if end.outcome is EffectOutcome.DONE:
        assert now.version == ACT.recorded
    else:
        assert now.version in end.detail
        assert now.problem in end.detail
    if now.version != ACT.recorded:
        assert end.outcome is EffectOutcome.REFUSED
