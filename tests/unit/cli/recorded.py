"""Recorded samples, and what judge said of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from click.testing import Result

START = 1_730_000_000.0

Begin = Callable[..., subprocess.Popen[bytes]]


def story(case: str = "a", *, bad_in_100: float = 40, signal: str = "errors") -> Iterator[dict[str, Any]]:
    """Ten quiet scrapes of the old revision, the rollout, twenty scrapes of the new one."""
    for index in range(1, 11):
        yield scrape(case, signal, "old", START - 165 + 15 * index, 1000 * index, index)
    yield {"case": case, "at": START, "event": "rollout-started", "revision": "new", "baseline": "old"}
    for index in range(1, 21):
        at = START + 15 * index
        yield scrape(case, signal, "new", at, 1000 * index, int(10 * bad_in_100 * index))


def scrape(case: str, signal: str, revision: str, at: float, total: int, bad: int) -> dict[str, Any]:
    return {
        "case": case,
        "at": at,
        "signal": signal,
        "pod": f"{revision}-1",
        "revision": revision,
        "bad": bad,
        "total": total,
    }


def text(*stories: Iterator[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(line)}\n" for told in stories for line in told)


def judgements(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def finals(result: Result) -> dict[str, str]:
    return {each["case"]: each["decision"] for each in judgements(result) if each["final"]}


def two_stories(folder: Path) -> Path:
    """A file with a bad rollout and a good one."""
    path = folder / "samples.jsonl"
    path.write_text(text(story("bad"), story("good", bad_in_100=0)))
    return path
