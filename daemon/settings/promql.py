"""What can be told of a PromQL expression without a server. The real check is Prometheus's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from daemon.settings.promql_names import LABEL_LISTS, WORDS, is_name, unquoted

_CLOSES = {")": "(", "]": "[", "}": "{"}
_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)"""
    r"""|(?P<quote>["'`])|(?P<comment>\#[^\n]*)|(?P<bracket>[()\[\]{}])"""
    r"""|(?P<word>[A-Za-z_:][\w:.]*)|(?P<number>\d[\w.]*)|(?P<other>\S)"""
)
_FOLLOWS_FUNCTIONS = frozenset(("(", "by", "without"))


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


_END = Token("end", "", 0, 0)


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
    if opened:
        return f"{opened[-1]} is never closed"
    strange = next((text for text in _quoted_names(expression) if not is_name(unquoted(text))), None)
    return f"{strange} cannot be a name" if strange is not None else ""


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
    """A plain selector that names its metric, as that name and the matchers in its braces.

    The name stands before the braces, or as a string inside them: ``{"http.requests", code="500"}``.
    """
    if not is_selector(expression):
        return None
    tokens = [token for token in _placed(expression) if token.kind != "comment"]
    if tokens[0].kind == "word":
        inside = expression.partition("{")[2].rpartition("}")[0]
        return tokens[0].text, inside.strip()
    named = [at for at, token in enumerate(tokens) if _names_metric(tokens, at, token.kind)]
    if len(named) != 1:
        return None
    at = named[0]
    before, name, after = tokens[at - 1 : at + 2]
    # With the name goes the comma after it, or else the one before it.
    first = before.start if after.text == "}" and before.text == "," else name.start
    last = after.end if after.text == "," else name.end
    inside = expression[tokens[0].end : first] + expression[last : tokens[-1].start]
    return unquoted(name.text), inside.strip()


def label_names(matchers: str) -> tuple[str, ...]:
    """The labels that matchers, without their braces, ask for."""
    tokens = [*_placed(matchers), _END]
    return tuple(
        unquoted(one.text) if one.kind == "string" else one.text
        for one, following in pairwise(token for token in tokens if token.kind != "comment")
        if one.kind == "word" or (one.kind == "string" and following.text in {"=", "!"})
    )


def metric_names(expression: str) -> tuple[str, ...]:
    """The names of the metrics it reads, as far as they can be told apart from functions and labels."""
    tokens = [token for token in (*_placed(expression), _END) if token.kind != "comment"]
    names: dict[str, None] = {}
    braces, labels = 0, False
    for at, ((kind, text, _, _), following) in enumerate(pairwise(tokens)):
        braces += (text == "{") - (text == "}") if kind == "bracket" else 0
        if kind == "word" and text.lower() in LABEL_LISTS:
            labels = following.text == "("
        elif text == ")":
            labels = False
        elif kind == "word" and not braces and not labels and _is_metric(text, following.text):
            names[text] = None
        elif braces and _names_metric(tokens, at, kind):
            names[unquoted(text)] = None
    return tuple(names)


def called(expression: str) -> tuple[str, ...]:
    """The functions and aggregations it calls, in small letters, the outermost first."""
    tokens = [token for token in (*_placed(expression), _END) if token.kind != "comment"]
    return tuple(
        one.text.lower()
        for one, following in pairwise(tokens)
        if one.kind == "word"
        and following.text.lower() in _FOLLOWS_FUNCTIONS
        and one.text.lower() not in WORDS
    )


def label_lists(expression: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each list of labels with the word before it, such as ``("by", ("namespace", "pod"))``."""
    found: list[tuple[str, tuple[str, ...]]] = []
    tokens = [token for token in _placed(expression) if token.kind != "comment"]
    for at, token in enumerate(tokens):
        if token.kind != "word" or token.text.lower() not in LABEL_LISTS:
            continue
        names: list[str] = []
        for one in tokens[at + 2 :]:
            if one.text == ")":
                break
            if one.kind in {"word", "string"}:
                names.append(unquoted(one.text) if one.kind == "string" else one.text)
        found.append((token.text.lower(), tuple(names)))
    return tuple(found)


def _quoted_names(expression: str) -> Iterator[str]:
    """The names of metrics and labels that stand in quotes, with these."""
    tokens = [token for token in (*_placed(expression), _END) if token.kind != "comment"]
    braces, labels = 0, False
    for at, (token, following) in enumerate(pairwise(tokens)):
        braces += (token.text == "{") - (token.text == "}") if token.kind == "bracket" else 0
        if token.kind == "word" and token.text.lower() in LABEL_LISTS:
            labels = following.text == "("
        elif token.text == ")":
            labels = False
        elif token.kind == "string":
            compared = braces and following.text in {"=", "!"}
            if labels or compared or (braces and _names_metric(tokens, at, token.kind)):
                yield token.text


def _names_metric(tokens: Sequence[Token], at: int, kind: str) -> bool:
    """Whether a string inside braces is the metric's name: it is compared with nothing."""
    if kind != "string" or not 0 < at < len(tokens) - 1:
        return False
    return tokens[at - 1].text in {"{", ","} and tokens[at + 1].text in {",", "}"}


def _is_metric(word: str, following: str) -> bool:
    return following.lower() not in _FOLLOWS_FUNCTIONS and word.lower() not in WORDS


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    for token in _placed(expression):
        yield token.kind, token.text


def _placed(expression: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(expression):
        yield Token(str(found.lastgroup), found.group(), found.start(), found.end())
