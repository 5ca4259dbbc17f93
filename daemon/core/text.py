"""Text for people: what a terminal would obey taken out, and cut to a length."""

from __future__ import annotations


def printable(text: str, *, kept: str = "\n\t") -> str:
    r"""The text without what moves a terminal's cursor, colours it or turns the direction of reading.

    ``kept``: the control characters that stay.

    >>> printable("heat\x1b[2J\u202e")
    'heat�[2J�'
    """
    return "".join(
        char if char in kept or char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def truncated(text: str, most: int) -> str:
    """At most so many characters, the last of which says where some were left out.

    >>> truncated("heat recovery", 5)
    'heat…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"
