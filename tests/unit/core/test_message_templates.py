"""The operator's words for messages: filled in once, cut, and ours where there are none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.assessment import Verdict
from daemon.core.case.case import Case, Phase, Trouble
from daemon.core.case.incident import render
from daemon.core.case.message_templates import (
    FIELDS,
    KINDS,
    LONGEST_BODY,
    LONGEST_TITLE,
    kind_of_message,
    unknown_fields,
    worded,
)
from daemon.core.policy import MessageKind, MessageTemplate, Policy
from tests.contract.samples import new_case

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def case(phase: Phase = Phase.HELD, **status: object) -> Case:
    made = new_case("shop", 2)
    return replace(made, status=replace(made.status, phase=phase, **status))


def message(template: MessageTemplate, of: Case | None = None, **policy: object) -> tuple[str, str]:
    told = worded(of or case(), Policy(templates=(template,), **policy), "opened", NOW)  # type: ignore[arg-type]
    return told.title, told.message


def test_without_a_template_the_words_are_ours() -> None:
    policy = Policy(templates=(MessageTemplate(kind="unrecovered", title="help"),))
    assert worded(case(), policy, "opened", NOW) == render(case(), Policy(), "opened", NOW)


def test_a_title_alone_leaves_the_text_ours() -> None:
    title, text = message(MessageTemplate(kind="held", title="[SEV2] ${name} in $namespace"), title="Cart")
    assert title == "[SEV2] Cart in shop"
    ours = render(case(), Policy(title="Cart"), "opened", NOW).message
    assert text.split("\n")[1:] == ours.split("\n")[1:]
    assert text.split("\n")[0] == title


def test_the_kinds_own_template_goes_before_the_default() -> None:
    both = (MessageTemplate(kind="default", title="any"), MessageTemplate(kind="held", title="held"))
    policy = Policy(templates=both)
    assert worded(case(Phase.HELD), policy, "opened", NOW).title == "held"
    assert worded(case(Phase.ADVISED), policy, "opened", NOW).title == "any"


def test_what_a_field_holds_is_no_template() -> None:
    odd = case(reason="costs $5, ${workload} and $nobody")
    _, text = message(MessageTemplate(kind="held", body="$reason"), odd)
    assert text.endswith("\ncosts $5, ${workload} and $nobody")


def test_a_title_is_one_line_and_everything_has_an_end() -> None:
    long = case(reason="x\n" * 20_000)
    title, text = message(MessageTemplate(kind="held", title="$reason", body="$reason$reason"), long)
    assert len(title) == LONGEST_TITLE
    assert "\n" not in title
    assert len(text) == len(title) + 1 + LONGEST_BODY


def test_a_title_of_which_nothing_is_left_is_ours() -> None:
    title, _ = message(MessageTemplate(kind="held", title="$contact"))
    assert title == render(case(), Policy(), "opened", NOW).title


@given(st.sampled_from(Phase), st.sampled_from(Verdict), st.booleans())
def test_every_case_has_a_kind_and_every_field_a_text(phase: Phase, verdict: Verdict, trouble: bool) -> None:
    made = case(phase, verdict=verdict, trouble=Trouble(since=NOW, text="down") if trouble else None)
    assert kind_of_message(made) in get_args(MessageKind)
    told = render(made, Policy(), "opened", NOW)
    assert all(isinstance(field(told, Policy()), str) for field in FIELDS.values())


def test_every_phase_and_every_kind_is_of_use() -> None:
    assert KINDS.keys() == set(Phase)
    others = {"default", "announced", "degraded", "trouble"}
    assert {*KINDS.values(), *others} == set(get_args(MessageKind))


def test_what_no_message_has_is_named() -> None:
    assert unknown_fields("$workload ${worklod} $$5") == ("worklod",)
    with pytest.raises(ValueError, match="stands before no field"):
        unknown_fields("costs $5")
