"""PromQL and label selectors, as far as they are understood without a server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.settings import promql, selector
from daemon.settings import promql_names as names


@pytest.mark.parametrize(
    "text",
    [
        "x",
        'x{a="}"}',
        'x{a=\'(\',b=~"[\\"]"}',
        "sum by (a) (rate(x[5m])) # )",
        'x{a=`"`}',
        '{__name__="x"}',
        '{"http.requests", "http.status"=~"5..", a=""}',
        "sum by (\"k8s.pod.name\") ({'a b'})",
        "{`a\\b`}",
        'x{a="\\000"}',
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
        ('{""}', '"" cannot be a name'),
        ('{"a\\nb"}', "cannot be a name"),
        ('{"a", "\\x00"="b"}', "cannot be a name"),
        ('{"\\xff"}', "cannot be a name"),
        ('{"\\ud800"}', "cannot be a name"),
        ('sum by ("") (x)', '"" cannot be a name'),
        ("x{``=~'a'}", "cannot be a name"),
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
        ('{"http.requests", "http.status"=~"5.."} # why', True),
        ('"http.requests"', False),
        ('{"a"} or {"b"}', False),
        ('{"a"}[5m]', False),
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
        (
            'sum by ("k8s.pod.name") ({"http.requests", "a.b"="c"}) + {d!="e", "f g"}',
            ("http.requests", "f g"),
        ),
        ('{ # why\n"a"}', ("a",)),
    ],
)
def test_metric_names(text: str, names: tuple[str, ...]) -> None:
    assert promql.metric_names(text) == names


@pytest.mark.parametrize(
    ("text", "name", "matchers"),
    [
        ("x", "x", ""),
        ("x{}", "x", ""),
        ("x{a='b'} # why", "x", "a='b'"),
        ('{"http.requests"}', "http.requests", ""),
        ('{"http.requests",}', "http.requests", ""),
        ('{"http.requests", "http.status"=~"5..",}', "http.requests", '"http.status"=~"5..",'),
        ("{a='b', 'http.requests' }", "http.requests", "a='b'"),
        ("{a='b', 'http.requests' # why\n}", "http.requests", "a='b' # why"),
        ("{a='b', `x`, c!~'d'}", "x", "a='b',  c!~'d'"),
        ('{"\\u00e9\\xc3\\xa9\\"\\\\\\t"}', 'éé"\\\t', ""),
    ],
)
def test_selectors_that_name_their_metric(text: str, name: str, matchers: str) -> None:
    assert promql.named_selector(text) == (name, matchers)


@pytest.mark.parametrize("text", ["{a='b'}", "{'a','b'}", "'a'", "sum({'a'})", "{'a'} or {'b'}", "{}", ""])
def test_what_names_no_metric(text: str) -> None:
    assert promql.named_selector(text) is None


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).filter(
    str.strip
)


@given(NAMES, st.lists(NAMES, max_size=3), st.text(st.characters(codec="utf-8"), max_size=5))
def test_whatever_a_name_is_it_is_written_and_read_as_one(name: str, others: list[str], value: str) -> None:
    """So none can close the quotes and go on as PromQL."""
    matchers = ",".join(f"{names.label(other)}={names.quoted(value)}" for other in others)
    text = names.selector(name, matchers)
    assert promql.flaw(f"sum by ({names.labels(others)}) ({text})") == ""
    assert promql.named_selector(text) == (name, matchers)
    assert promql.label_names(matchers) == tuple(others)
    assert name in promql.metric_names(text)


@pytest.mark.parametrize("name", ["INF", "nan", "by", "or", "offset"])
def test_a_metric_that_is_named_like_a_word_of_the_language_is_quoted(name: str) -> None:
    assert names.selector(name) == f'{{"{name}"}}'
    assert promql.named_selector(names.selector(name)) == (name, "")


@pytest.mark.parametrize("name", ["pod", "_a", "A9_"])
def test_names_that_old_servers_know_are_not_quoted(name: str) -> None:
    assert names.label(name) == name
    assert names.selector(name) == name
    assert names.selector(f"{name}:sum", "a='b'", "") == f"{name}:sum{{a='b'}}"


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["{", "}", '"a"', "a", ",", "=", "(", ")", "by", " "])).map("".join)
)
def test_no_text_is_too_strange_to_look_at(text: str) -> None:
    promql.flaw(text)
    promql.is_selector(text)
    promql.metric_names(text)
    promql.label_names(text)
    promql.named_selector(text)


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
