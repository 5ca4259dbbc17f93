"""Texts as each service shows them: names and messages of the cluster are anybody's, and no markup.

What a service can take literally is sent literally (Slack's ``plain_text``, a ``TextRun`` of an Adaptive
Card). Elsewhere it is escaped, or put where the service reads no markup: a block of code.
"""

from __future__ import annotations

import re

from daemon.presentation.words import clean

ELLIPSIS = "…"
APART = "\N{ZERO WIDTH SPACE}"
"""Keeps what it stands in from being read as markup, and is not seen."""


def plain(text: str, most: int) -> str:
    """At most so many characters, without those that steer: control characters and marks of direction."""
    text = clean(text.replace("\r\n", "\n").replace("\t", "    "))
    return text if len(text) <= most else text[: most - 1] + ELLIPSIS


def one_line(text: str, most: int) -> str:
    """The same in one line, as for a title."""
    return plain(" ".join(text.split()), most)


def title_of(text: str, most: int) -> str:
    """A title in which ``@name`` calls nobody, and brackets, backticks or ``<`` make no markup."""
    return re.sub(r"([@#!<`\[*_~$])(?=\S)", rf"\1{APART}", one_line(text, most))[:most]


def slack_text(text: str, most: int) -> str:
    """https://docs.slack.dev/messaging/formatting-message-text: three characters make all of its markup that
    calls people or links; the rest is only looks."""
    text = plain(text, most)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fenced(text: str, most: int) -> str:
    """A block of code in Markdown, whose fence is longer than any in the text.

    In it nobody is mentioned, no HTML is read, and a line of GitLab's that begins with ``/`` is no command.
    """
    text = plain(text, most)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def noformat(text: str, most: int) -> str:
    """A block of Jira's wiki markup in which nothing is markup but its own end."""
    text = re.sub(r"\{(?=noformat)", "{" + APART, plain(text, most), flags=re.IGNORECASE)
    return f"{{noformat}}\n{text}\n{{noformat}}"


def without_tags(text: str, most: int) -> str:
    """For a service that reads HTML in what it shows, and has no way to say otherwise."""
    return plain(text, most).replace("<", "‹").replace(">", "›")
