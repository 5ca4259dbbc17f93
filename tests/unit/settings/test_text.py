"""PromQL and label selectors, as far as they are understood without a server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.settings import promql, selector


@pytest.mark.parametrize(
    "text",
    [
        "x",
        'x{a="}"}',
        'x{a=\'(\',b=~"[\\"]"}',
        "sum by (a) (rate(x[5m])) # )",
        'x{a=`"`}',
        '{__name__="x"}',
    ],
)
def test_whole_expressions(text: str) -> None:
    assert promql.flaw(text) == ""


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("sum(x", "( is never closed"),
        ("x)", ") closes nothing"),
        ("sum(x]", "] closes nothing"),
        ('x{a="b}', "never ends"),
        ("x{a='b}", "never ends"),
    ],
)
def test_broken_expressions(text: str, flaw: str) -> None:
    assert flaw in promql.flaw(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("x", True),
        ("x:y_total", True),
        ('x{a="b"}', True),
        (' x { a="(" } # why', True),
        ('{__name__="x"}', True),
        ("x[5m]", False),
        ("x offset 5m", False),
        ("rate(x[5m])", False),
        ("x + y", False),
        ("x{} + y{}", False),
        ("(x)", False),
        ("1", False),
    ],
)
def test_plain_selectors(text: str, plain: bool) -> None:
    assert promql.is_selector(text) is plain


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('x{a="y"}', ("x",)),
        ('a - ignoring(le) b{le=~"5"}', ("a", "b")),
        ("sum by (pod, ns) (rate(x[5m])) / on (pod) group_left y", ("x", "y")),
        ("x + x or inf * vector(1)", ("x",)),
        ("sum(x) by (pod) > bool 1", ("x",)),
    ],
)
def test_metric_names(text: str, names: tuple[str, ...]) -> None:
    assert promql.metric_names(text) == names


@given(st.text(max_size=60))
def test_no_text_is_too_strange_to_look_at(text: str) -> None:
    promql.flaw(text)
    promql.is_selector(text)
    promql.metric_names(text)


LABELS = {"app": "heat", "tier": "web", "app.kubernetes.io/part-of": "greenlang", "empty": ""}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("app=heat", True),
        ("app==heat", True),
        ("app = cold", False),
        ("app!=cold", True),
        ("none!=x", True),
        ("tier in (web, batch)", True),
        ("tier in (batch)", False),
        ("tier notin (batch)", True),
        ("none notin (a)", True),
        ("none in (a)", False),
        ("app", True),
        ("!app", False),
        ("!none", True),
        ("empty=", True),
        ("app.kubernetes.io/part-of=greenlang,tier in (a,web),!none", True),
        ("app=heat,tier=batch", False),
    ],
)
def test_selectors(text: str, matches: bool) -> None:
    assert selector.parse(text).matches(LABELS) is matches


@pytest.mark.parametrize("text", ["", " ", "a=b,", "a in b", "a in ()(", "=b", "a b", "a=b=c", "-a=b", "a>1"])
def test_no_selectors(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        selector.parse(text)
