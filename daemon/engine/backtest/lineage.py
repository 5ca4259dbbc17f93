"""The rollouts of a Deployment, from when its pods were there: pure.

A pod of another revision than the current one that was never seen before begins a rollout. So it does not
where pods are merely replaced or added: they bear the current revision's hash. While a rollout is under way,
pods of the revision that goes may still be replaced; they count for a return only where their revision
outlives the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from daemon.core.policy import Policy
from daemon.core.value import Value
from daemon.engine.backtest.pod_lifetimes import GAP, Span, joined, revision_of, span_at

SHORTLY = 86_400.0
"""Seconds within which a return to an earlier revision is taken for an answer to the rollout."""
SLACK = 60.0
"""Seconds that are read beyond the watch's end: a scrape later than it ends the watch."""
LONGEST = 6 * 3600.0
"""Seconds of a rollout with old pods still there that are judged; a canary may stay for days."""


class Return(Value, frozen=True):
    """What people did: ``after`` seconds an earlier revision took over again."""

    revision: str
    after: float


class Plan(Value, frozen=True):
    """One rollout that is to be judged again. Times in Unix seconds.

    A new pod was first seen at ``seen_at``, and was not there at ``since``.
    """

    revision: str
    before: str
    since: float
    seen_at: float
    watch_end: float
    """When the watch was over, or was cut short."""
    end: float
    """Up to when samples are read."""
    pods: int
    """At most so many are read."""
    gap_from: float | None = None
    """Where the metrics had a gap until ``seen_at``: its beginning. The rollout began somewhere in it."""
    superseded_at: float | None = None
    """When the next rollout, or the return to another revision, cut the watch short."""
    unfinished: bool = False
    """Whether the watch goes on beyond the time that is looked at."""
    returned: Return | None = None


class Lineage(Value, frozen=True):
    """``first`` is the revision that ran when the samples begin, at ``data_from``."""

    first: str
    data_from: float
    plans: tuple[Plan, ...]


class _Change(Value, frozen=True):
    """From ``at`` on another revision was current; ``silent`` where no pod had to be made for it."""

    at: float
    revision: str
    before: str
    silent: bool = False


class _Reigns:
    """When which revision had pods."""

    def __init__(self, deployment: str, pods: Mapping[str, Iterable[Span]]) -> None:
        self.pods: dict[str, tuple[str, tuple[Span, ...]]] = {}
        by_revision: dict[str, list[Span]] = {}
        for pod, spans in pods.items():
            if (revision := revision_of(deployment, pod)) is not None:
                self.pods[pod] = (revision, tuple(spans))
                by_revision.setdefault(revision, []).extend(spans)
        self.by_revision = {revision: joined(spans) for revision, spans in by_revision.items()}

    @property
    def births(self) -> list[tuple[float, str]]:
        """When a pod was seen for the first time, and its revision's."""
        return sorted({(spans[0][0], revision) for revision, spans in self.pods.values()})

    def at(self, revision: str, at: float) -> Span | None:
        return span_at(self.by_revision[revision], at)

    def lasting(self, at: float) -> str | None:
        """Of the revisions that had pods then, the one that had them for longest after."""
        here = {revision: span for revision in self.by_revision if (span := self.at(revision, at))}
        return max(here, key=lambda revision: (here[revision][1], revision), default=None)

    def last_before(self, at: float) -> float:
        """The last time before ``at`` at which any pod was seen."""
        spans = (span for spans in self.by_revision.values() for span in spans if span[0] < at)
        return max(at if last >= at else last for _, last in spans)

    def others_until(self, revision: str, start: float, end: float) -> float:
        """The last time in this span at which another revision had a pod."""
        spans = (s for other, own in self.by_revision.items() if other != revision for s in own)
        return max((min(last, end) for first, last in spans if first <= end and last >= start), default=start)

    def count(self, start: float, end: float) -> int:
        return sum(
            any(first <= end and last >= start for first, last in spans) for _, spans in self.pods.values()
        )


def lineage(
    deployment: str, pods: Mapping[str, Iterable[Span]], policy: Policy, *, step: float, until: float
) -> Lineage | None:
    """The rollouts in the order of time; ``None`` where no pod was seen.

    ``step`` is the distance of the times at which was looked, ``until`` the last of them.
    """
    reigns = _Reigns(deployment, pods)
    births = reigns.births
    if not births:
        return None
    data_from = births[0][0]
    first = reigns.lasting(data_from)
    assert first is not None
    changes = _changes(reigns, first, [birth for birth in births if birth[0] > data_from], step, until)
    plans = [
        _plan(change, after, reigns, policy, step=step, until=until)
        for change, after in zip(changes, (*changes[1:], None), strict=False)
        if not change.silent
    ]
    return Lineage(first=first, data_from=data_from, plans=tuple(plans))


def _changes(
    reigns: _Reigns, first: str, births: list[tuple[float, str]], step: float, until: float
) -> list[_Change]:
    changes: list[_Change] = []
    current, since = first, -math.inf
    for at, revision in births:
        if (left := _left(reigns, current, since, at - step)) is not None:
            changes.append(left)
            current, since = left.revision, left.at
        if revision != current and _takes_over(reigns, revision, current, at):
            changes.append(_Change(at=at, revision=revision, before=current))
            current, since = revision, at
    left = _left(reigns, current, since, until)
    return changes if left is None else [*changes, left]


def _left(reigns: _Reigns, current: str, since: float, at: float) -> _Change | None:
    """The silent return by ``at``: the pods of the revision current ``since`` are gone, others stayed."""
    reign = (span for span in reigns.by_revision[current] if span[1] >= since)
    ended = max((last for first, last in reign if first <= at), default=at)
    if ended >= at - GAP:
        return None
    heir = reigns.lasting(ended)
    stayed = reigns.at(heir, ended) if heir is not None else None
    if heir is None or heir == current or stayed is None or stayed[1] <= ended + GAP:
        return None
    return _Change(at=ended, revision=heir, before=current, silent=True)


def _takes_over(reigns: _Reigns, revision: str, current: str, at: float) -> bool:
    mine, ruling = reigns.at(revision, at), reigns.at(current, at)
    assert mine is not None
    return mine[0] == at or ruling is None or mine[1] > ruling[1]


def _plan(
    change: _Change, after: _Change | None, reigns: _Reigns, policy: Policy, *, step: float, until: float
) -> Plan:
    latest = _latest(change, after, step, until)
    overlap = reigns.others_until(change.revision, change.at, min(change.at + LONGEST, latest))
    wanted = overlap + policy.watch
    end = min(wanted + SLACK, latest)
    seen_before = reigns.last_before(change.at)
    return Plan(
        revision=change.revision,
        before=change.before,
        since=change.at - step,
        seen_at=change.at,
        watch_end=min(wanted, latest),
        end=end,
        pods=reigns.count(change.at - policy.baseline_window, end),
        gap_from=seen_before if seen_before < change.at - step - GAP else None,
        superseded_at=after.at if after and after.at < wanted else None,
        unfinished=after is None and until < wanted,
        returned=_returned(change, after, reigns),
    )


def _latest(change: _Change, after: _Change | None, step: float, until: float) -> float:
    """The last time that surely belongs to the rollout: the next one's pods came within a step."""
    if after is None:
        return until
    return after.at if after.silent else max(change.at, after.at - step)


def _returned(change: _Change, after: _Change | None, reigns: _Reigns) -> Return | None:
    if after is None or after.at - change.at > SHORTLY:
        return None
    ran_before = any(begun < change.at for begun, _ in reigns.by_revision[after.revision])
    return Return(revision=after.revision, after=after.at - change.at) if ran_before else None
