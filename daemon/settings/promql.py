"""What can be told of a PromQL expression without a server. The real check is Prometheus's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_CLOSES = {")": "(", "]": "[", "}": "{"}
_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)"""
    r"""|(?P<quote>["'`])|(?P<comment>\#[^\n]*)|(?P<bracket>[()\[\]{}])"""
    r"""|(?P<word>[A-Za-z_:][\w:.]*)|(?P<number>\d[\w.]*)|(?P<other>\S)"""
)
_LABEL_LISTS = frozenset(("by", "without", "on", "ignoring", "group_left", "group_right"))
_FOLLOWS_FUNCTIONS = frozenset(("(", "by", "without"))
_NOT_METRICS = _LABEL_LISTS | {"and", "or", "unless", "atan2", "bool", "offset", "start", "end", "inf", "nan"}


def flaw(expression: str) -> str:
    """What is obviously wrong with it (an unfinished string, unbalanced brackets), or nothing."""
    if not expression.strip():
        return "the expression is empty"
    opened: list[str] = []
    for kind, text in _tokens(expression):
        if kind == "quote":
            return f"a string that begins with {text} never ends"
        if kind != "bracket":
            continue
        if text not in _CLOSES:
            opened.append(text)
        elif not opened or opened.pop() != _CLOSES[text]:
            return f"{text} closes nothing"
    return f"{opened[-1]} is never closed" if opened else ""


def is_selector(expression: str) -> bool:
    """Whether it is one plain vector selector, such as ``requests_total{code="500"}``.

    Of a selector Prometheus tells the time of each scrape; of anything computed, only the query's time.
    """
    kinds = [(kind, text) for kind, text in _tokens(expression) if kind != "comment"]
    if kinds and kinds[0][0] == "word":
        kinds = kinds[1:]
        if not kinds:
            return True
    texts = [text for kind, text in kinds if kind == "bracket"]
    return texts == ["{", "}"] and kinds[0][1] == "{" and kinds[-1][1] == "}"


def named_selector(expression: str) -> tuple[str, str] | None:
    """A plain selector that begins with a metric's name, as that name and what stands in its braces."""
    first = next((token for token in _tokens(expression) if token[0] != "comment"), ("", ""))
    if first[0] != "word" or not is_selector(expression):
        return None
    inside = expression.partition("{")[2].rpartition("}")[0]
    return first[1], inside.strip()


def label_names(matchers: str) -> tuple[str, ...]:
    """The labels that matchers, without their braces, ask for."""
    return tuple(text for kind, text in _tokens(matchers) if kind == "word")


def metric_names(expression: str) -> tuple[str, ...]:
    """The names of the metrics it reads, as far as they can be told apart from functions and labels."""
    tokens = [*_tokens(expression), ("end", "")]
    names: dict[str, None] = {}
    braces, labels = 0, False
    for (kind, text), (_, following) in pairwise(tokens):
        braces += (text == "{") - (text == "}") if kind == "bracket" else 0
        if kind == "word" and text.lower() in _LABEL_LISTS:
            labels = following == "("
        elif text == ")":
            labels = False
        elif kind == "word" and not braces and not labels and _is_metric(text, following):
            names[text] = None
    return tuple(names)


def _is_metric(word: str, following: str) -> bool:
    return following.lower() not in _FOLLOWS_FUNCTIONS and word.lower() not in _NOT_METRICS


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(expression):
        yield str(found.lastgroup), found.group()
