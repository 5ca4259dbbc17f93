"""``docs/tutorial.md`` as something to be followed: its commands in order, and what they must print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
IMAGE = "ghcr.io/rollbackd/rollbackd:0.1.0"

SUBSTITUTED = {
    "git clone https://github.com/rollbackd/rollbackd": "the folder is a copy of this working tree",
    f"make image IMAGE={IMAGE}": "the cluster's own builder builds it, where there is no Docker",
    "kind create cluster --name rollbackd": "the test cluster is there",
    f"kind load docker-image {IMAGE} --name rollbackd": "the node knows the image",
    "kubectl delete crd rolloutcases.rollbackd.io": "other tests keep their cases in it",
    "kind delete cluster --name rollbackd": "other tests go on in it",
}
"""The commands that are not carried out, and why. Everything else is, as it stands."""

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^@@ (\d+) ([\d.]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """Commands as they stand on the page, and the lines that they must print, in order; ``…`` is anything."""

    commands: str
    shown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Followed:
    """What the commands of one block printed, and how many seconds they took."""

    block: Block
    printed: str
    seconds: float


def blocks(page: str) -> list[Block]:
    """The page's blocks. Raises ValueError for one that is neither commands nor what they print."""
    found: list[Block] = []
    for language, text in _FENCE.findall(page):
        match language:
            case "sh":
                found.append(Block(text))
            case "text" if found and not found[-1].shown:
                found[-1] = Block(found[-1].commands, tuple(filter(None, text.splitlines())))
            case _:
                raise ValueError(f"a block of {language or 'no language'} is not in its place: {text[:60]!r}")
    return found


def script(followed: Sequence[Block]) -> str:
    """One shell's work, so that what is exported or runs in the background stays; it ends at what fails.

    Before each block, and at the end, it prints a line that says which it is and when (Unix seconds).
    """
    lines = ["set -e", "trap 'kill $(jobs -p) 2>/dev/null || :' EXIT"]
    for number, block in enumerate(followed):
        lines += [_mark(number), *(_carried_out(line) for line in block.commands.splitlines())]
    return "\n".join([*lines, _mark(len(followed))]) + "\n"


def told(followed: Sequence[Block], printed: str) -> list[Followed]:
    """What each block printed, as far as the script came."""
    marks = list(_MARK.finditer(printed))
    return [
        Followed(
            block,
            printed[mark.end() : after.start()],
            float(after.group(2)) - float(mark.group(2)),
        )
        for block, mark, after in zip(followed, marks, marks[1:], strict=False)
    ]


def missing(one: Followed) -> str | None:
    """The first line that the page shows and the commands did not print after those before it."""
    lines = iter(_plain(line) for line in one.printed.splitlines())
    for wanted in one.block.shown:
        pattern = re.compile(".*".join(re.escape(part) for part in _plain(wanted).split("…")))
        if not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return None


def _carried_out(line: str) -> str:
    return ":" if line in SUBSTITUTED else line


def _mark(number: int) -> str:
    return f"printf '\\n@@ %s %s\\n' {number} \"$EPOCHREALTIME\""


def _plain(line: str) -> str:
    return " ".join(line.split())
