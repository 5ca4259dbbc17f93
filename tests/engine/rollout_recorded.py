"""What is said of a rollout's story when its record is read."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.core.judge.judgement import Judgement
from daemon.core.judge.record_entries import RolloutStarted, Sampled, ScrapeFailed
from daemon.core.judge.recording import Recording
from daemon.core.signals.sample import Sample
from tests.engine.rollout_story import NEW, OLD, SIGNALS, START, Counted, Life, Said, Story, counted, newest


def recorded(story: Story) -> tuple[dict[int, Said], int]:
    """What is said at each moment until the watch is over, or a rollback decided; and when that was."""
    recording = Recording(story.policy)
    said = [judgement for entries in _poll_by_poll(story, recording) for judgement in entries]
    last = recording.close()
    assert last is not None
    by_moment = {}
    for moment in story.moments:
        until = [one for one in [*said, last] if one.at <= START + moment <= last.at]
        if until:
            by_moment[moment] = Said(until[-1].verdict, until[-1].decision, until[-1].attribution)
    return by_moment, round(last.at) - START


def _poll_by_poll(story: Story, recording: Recording) -> Iterator[list[Judgement]]:
    """What the record's entries bring, written down as polls would bring them."""
    told = set[tuple[str, str, int]]()
    for entry in sorted(_before(story), key=lambda entry: entry.at):
        yield recording.take(entry)
    baseline = OLD if story.has_baseline else ""
    yield recording.take(RolloutStarted(at=float(START), revision=NEW, baseline=baseline))
    for moment in story.moments:
        yield recording.pass_time(float(START + moment))
        for signal in SIGNALS:
            if not story.readable(signal, moment):
                yield recording.take(ScrapeFailed(at=float(START + moment), signal=signal))
                continue
            for at, pod, sample in _answer(story, signal, moment, first=(signal, "", 0) not in told):
                if (signal, pod.name, at) not in told:
                    yield recording.take(_line(signal, pod, sample, moment))
                told |= {(signal, pod.name, at)}
            told.add((signal, "", 0))
        if recording.decided:
            return


def _before(story: Story) -> list[Sampled]:
    return [
        _line(signal, pod, sample, None)
        for signal in SIGNALS
        for each in counted(story, signal).values()
        for at, pod, sample in each
        if at < 0
    ]


def _answer(story: Story, signal: str, moment: int, *, first: bool) -> list[Counted]:
    """The first one brings all of the past, as a history does, and each other the newest scrapes."""
    if not first:
        return newest(story, signal, moment)
    return [one for each in counted(story, signal).values() for one in each if one.at <= moment]


def _line(signal: str, pod: Life, sample: Sample, moment: int | None) -> Sampled:
    return Sampled(
        at=sample.at,
        signal=signal,
        pod=pod.name,
        revision=pod.revision,
        total=sample.total,
        bad=sample.bad,
        born=float(START + pod.born) if moment is None or pod.shown(moment) else None,
    )
