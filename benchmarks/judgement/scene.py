"""A service second by second: who serves, how much traffic there is, and which share of it goes bad."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .effects import Range
from .families import Family

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
SCRAPE = 15
"""Seconds between two scrapes of one pod."""
AFTER = 30
"""Seconds that a record goes on after the watch."""
NEW, OLD = "new", "old"


@dataclass(frozen=True)
class Pod:
    """Seconds from the rollout's start; ``phase`` is when within the scrape interval it is scraped."""

    name: str
    revision: str
    start: int
    end: int
    phase: int

    @property
    def scrapes(self) -> range:
        first = self.start + 1 + (self.phase - self.start - 1) % SCRAPE
        return range(first, self.end, SCRAPE)


@dataclass
class Scene:
    """``bad`` and ``share`` have a row per pod, and like ``traffic`` a column per second from ``begin``."""

    family: Family
    rng: np.random.Generator
    pods: list[Pod]
    begin: int
    end: int
    onset: float | None = None
    """When the release's own failure (or the incident) begins; for ramps, when it crosses the limit."""
    seconds: Floats = field(init=False)
    traffic: Floats = field(init=False)
    share: Floats = field(init=False)
    bad: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.seconds = np.arange(self.begin, self.end, dtype=np.float64) + 0.5
        self.traffic = np.full(self.seconds.size, self.family.traffic)
        self.share = _shares(self.family, self.pods, self.seconds)
        self.bad = np.full((len(self.pods), self.seconds.size), self.family.rate)

    def draw(self, span: Range) -> float:
        return float(self.rng.uniform(*span)) if span[0] < span[1] else span[0]

    def whole(self, span: Range) -> int:
        return round(self.draw(span))

    def rows(self, revision: str) -> list[int]:
        return [row for row, pod in enumerate(self.pods) if pod.revision == revision]

    def between(self, begin: float, end: float) -> npt.NDArray[np.bool_]:
        inside: npt.NDArray[np.bool_] = (self.seconds >= begin) & (self.seconds < end)
        return inside

    def begins(self, at: float) -> None:
        self.onset = at if self.onset is None else min(self.onset, at)


def scene_of(family: Family, rng: np.random.Generator) -> Scene:
    begin, end = -round(family.history), round(family.watch) + AFTER
    if family.rollout == "rolling":
        end += 60
    return Scene(family=family, rng=rng, pods=_pods(family, rng, begin, end), begin=begin, end=end)


def _pods(family: Family, rng: np.random.Generator, begin: int, end: int) -> list[Pod]:
    """The old pods and the new ones; names sort neither by age nor by revision."""
    phases = rng.integers(0, SCRAPE, size=2 * family.pods)
    tags = [f"{int(tag):05x}" for tag in rng.choice(0xFFFFF, size=4 * family.pods, replace=False)]
    starts, ends = _handover(family, rng, phases[family.pods :], end)
    old = [
        Pod(f"shop-{OLD}-{tags[i]}", OLD, begin - 3600, ends[i], int(phases[i])) for i in range(family.pods)
    ]
    new = [
        Pod(f"shop-{NEW}-{tags[family.pods + i]}", NEW, start, end, int(phases[family.pods + i]))
        for i, start in enumerate(starts)
    ]
    return _scaled(family, rng, [*old, *new], end)


def _handover(
    family: Family, rng: np.random.Generator, phases: npt.NDArray[np.int64], end: int
) -> tuple[list[int], list[int]]:
    """When new pods begin and when old ones end.

    At once: each new pod takes over an old one's place one scrape interval before its own first scrape, all
    within the rollout's first 15 s; so each pod's first scrape tells of a whole interval. Rolling: one by one
    over 45 to 60 s, each old pod serving for 5 s beside its successor. Canary: one new pod, and all old ones.
    """
    if family.rollout == "at once":
        starts = [int(phase) for phase in phases]
        return starts, list(starts)
    if family.rollout == "rolling":
        step = rng.uniform(45, 60) / family.pods
        starts = [round(5 + step * i) for i in range(family.pods)]
        return starts, [start + 5 for start in starts]
    return [5], [end] * family.pods


def _scaled(family: Family, rng: np.random.Generator, pods: list[Pod], end: int) -> list[Pod]:
    for number, (at, change) in enumerate(family.scaling):
        revision = NEW if at > 0 else OLD
        if change > 0:
            stop = end if revision == NEW else 5
            pods += [
                Pod(f"shop-{revision}-s{number}{i}", revision, round(at), stop, int(rng.integers(0, SCRAPE)))
                for i in range(change)
            ]
            continue
        running = [
            row for row, pod in enumerate(pods) if pod.revision == revision and pod.start < at < pod.end
        ]
        for row in running[:-change]:
            pod = pods[row]
            pods[row] = Pod(pod.name, pod.revision, pod.start, round(at), pod.phase)
    return pods


def _shares(family: Family, pods: list[Pod], seconds: Floats) -> Floats:
    """Which part of the traffic each pod gets: equal ones, unless a canary's part is given."""
    starts = np.array([pod.start for pod in pods])[:, None]
    ends = np.array([pod.end for pod in pods])[:, None]
    serving = ((seconds >= starts) & (seconds < ends)).astype(np.float64)
    if family.rollout != "canary":
        return _part(serving)
    new = np.array([pod.revision == NEW for pod in pods])[:, None]
    exposed = np.where((serving * new).any(axis=0), family.exposure, 0.0)
    parts: Floats = _part(serving * new) * exposed + _part(serving * ~new) * (1 - exposed)
    return parts


def _part(serving: Floats) -> Floats:
    share: Floats = serving / np.maximum(serving.sum(axis=0), 1.0)
    return share
