"""The peers' rules, from their documented semantics and their source, over one record's metrics.

Each gives the Unix second at which it would roll back, or ``None``. All ask for the same share of bad
requests with a window of one minute, against the same limit. Where a fact is not fixed by the documents, the
reading that favours the peer was taken; the docstrings say which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .ranks import clearly_higher, greater_p
from .scene import Floats, Whole
from .windows import Answer, Metrics

WINDOW = 60.0
MINUTE = 60.0


@dataclass(frozen=True)
class Rule:
    """``title`` is its setting in the peer's own words."""

    name: str
    title: str
    decide: Callable[[Metrics], float | None]


def ticks(metrics: Metrics, interval: float) -> Floats:
    """Every ``interval`` seconds until the watch's end, from a random moment of the first one."""
    record = metrics.record
    return np.arange(record.start + record.phase * interval, record.end, interval)


# ---------------------------------------------------------------- Argo Rollouts

RETRY = 10.0
"""Seconds until a measurement that was an Error is taken again (``DefaultErrorRetryInterval``)."""
ERRORS = 4
"""``DefaultConsecutiveErrorLimit``: one more in a row ends the run as Error, which aborts like Failed."""


def argo(metrics: Metrics, *, interval: float, failure_limit: int) -> float | None:
    """An AnalysisRun in the background of a rollout, ``successCondition: result[0] <= 0.05``.

    https://argo-rollouts.readthedocs.io/en/stable/features/analysis/ and ``analysis/analysis.go``: the run
    fails at failed > failureLimit, errs at consecutiveErrors > 4. An empty result makes ``result[0]`` an
    Error, as does a query that is not answered; NaN satisfies no condition and is a failed measurement.
    In the peer's favour the run begins within five seconds of the rollout.
    """
    record, limit = metrics.record, metrics.record.family.limit
    at, failed, errors = record.start + record.phase * 5.0, 0, 0
    while at < record.end:
        retrying = errors > 0
        times = np.arange(at, record.end, RETRY if retrying else interval)[: ERRORS + 1 if retrying else None]
        answer = metrics.ratio("new", times, WINDOW)
        measured = answer.exists & metrics.answered(times)
        for time, good, value in zip(times.tolist(), measured.tolist(), answer.value.tolist(), strict=True):
            if not good:
                errors += 1
                if errors > ERRORS:
                    return float(time)
                at = time + RETRY
                if not retrying:
                    break
                continue
            errors = 0
            failed += not value <= limit
            if failed > failure_limit:
                return float(time)
            at = time + interval
            if retrying:
                break
    return None


# ---------------------------------------------------------------- Flagger


def flagger(metrics: Metrics, *, interval: float, threshold: int) -> float | None:
    """A Canary with a MetricTemplate and ``thresholdRange.max: 5``.

    https://docs.flagger.app/usage/how-it-works and ``pkg/controller/scheduler.go``: one tick finds the new
    revision, the next starts the analysis, checks follow from the third on. A check fails over the range, at
    no values, at NaN (since https://github.com/fluxcd/flagger/pull/1095) and at a query
    error; failed checks add up and are never taken back; the tick after they have reached the threshold rolls
    back.
    """
    times = ticks(metrics, interval)
    answer, answered = metrics.ratio("new", times, WINDOW), metrics.answered(times)
    failed = ~(answered & answer.exists & (answer.value <= metrics.record.family.limit))
    failed[:2] = False
    reached: Whole = np.flatnonzero(np.cumsum(failed) >= threshold)
    # Beyond the record's end the next tick would still come.
    return float(times[reached[0]] + interval) if reached.size else None


# ---------------------------------------------------------------- Kayenta

CONFIDENCE = 0.98
TOLERANCE = 0.25


def kayenta(metrics: Metrics, *, interval: float) -> float | None:
    """The NetflixACAJudge on one metric of points a minute apart, judged again each ``interval`` seconds.

    https://spinnaker.io/docs/guides/user/canary/judge/ and ``NetflixACAJudge.scala``: Mann-Whitney at 98 %
    confidence with a tolerance of 0.25 of the estimated shift; NaN is removed; a metric that is High scores
    0, below the marginal threshold of any configuration, and ends the analysis. Without points the metric is
    Nodata, its group is left out, and the summary is 0 as well. The control is the same length of time before
    the rollout, as there is no baseline deployment; the lookback grows.
    """
    record = metrics.record
    looks = np.arange(record.start + interval, record.end, interval)
    points = np.arange(record.start + MINUTE, record.end, MINUTE)
    before = points - (points[-1] - record.start) - MINUTE
    new = metrics.ratio("new", points, WINDOW)
    old = metrics.ratio("service", before, WINDOW)
    answered = metrics.answered(looks)
    for look, reached in zip(looks.tolist(), answered.tolist(), strict=True):
        if not reached:
            continue
        count = int((look - record.start + 1e-6) // MINUTE)
        experiment, control = (
            _known(new, slice(0, count)),
            _known(old, slice(max(0, points.size - count), None)),
        )
        if not experiment.size or not control.size:
            return float(look)
        if clearly_higher(experiment, control, CONFIDENCE, TOLERANCE):
            return float(look)
    return None


def _known(answer: Answer, part: slice) -> Floats:
    values = _existing(answer, part)
    return values[~np.isnan(values)]


def _existing(answer: Answer, part: slice) -> Floats:
    return answer.value[part][answer.exists[part]]


# ---------------------------------------------------------------- pipecd

ALPHA = 0.05


def pipecd_previous(metrics: Metrics, *, interval: float) -> float | None:
    """Automated deployment analysis with ``strategy: PREVIOUS``, ``deviation: HIGH``, ``failureLimit: 0``.

    https://pipecd.dev/docs/user-guide/managing-application/customizing-deployment/automated-deployment-analysis/
    and ``metrics_analyzer.go``: each interval the points of that interval, a minute apart, are tested against
    those at the same time after the previous deployment's start, Mann-Whitney at α = 5 %, each look by
    itself. All values equal passes; no points, NaN or a query that fails counts as a failure. The previous
    deployment began with the known history.
    """
    record = metrics.record
    looks = np.arange(record.start + interval, record.end, interval)
    offsets = np.arange(-interval, 1e-6, MINUTE)
    times = (looks[:, None] + offsets[None, :]).ravel()
    now = metrics.ratio("service", times, WINDOW)
    then = metrics.ratio("service", times - record.family.history, WINDOW)
    for number, (look, answered) in enumerate(
        zip(looks.tolist(), metrics.answered(looks).tolist(), strict=True)
    ):
        part = slice(number * offsets.size, (number + 1) * offsets.size)
        experiment, control = _existing(now, part), _existing(then, part)
        usable = answered and experiment.size and control.size
        if not usable or np.isnan(experiment).any() or np.isnan(control).any():
            return float(look)
        p = greater_p(experiment, control)
        if p is not None and p <= ALPHA:
            return float(look)
    return None


def pipecd_threshold(metrics: Metrics, *, interval: float) -> float | None:
    """The same analysis with ``strategy: THRESHOLD``, ``expected.max: 0.05``, ``failureLimit: 0``.

    Any point out of range fails the look, as does a query without points, with NaN or without an answer.
    """
    record = metrics.record
    looks = np.arange(record.start + interval, record.end, interval)
    # A range query from one look to the next with a step of a minute, both ends included.
    points = np.arange(record.start, record.end, MINUTE)
    answer, answered = metrics.ratio("service", points, WINDOW), metrics.answered(looks)
    for look, reached in zip(looks.tolist(), answered.tolist(), strict=True):
        inside = (points >= look - interval - 1e-6) & (points <= look + 1e-6) & answer.exists
        values = answer.value[inside]
        if not reached or not values.size or not (values <= record.family.limit).all():
            return float(look)
    return None


# ---------------------------------------------------------------- Prometheus alerts


def burn_rate(metrics: Metrics, *, long: float, short: float) -> float | None:
    """A multiwindow burn-rate alert: both windows over the limit, evaluated every 15 s, without ``for``.

    https://sre.google/workbook/alerting-on-slos/ (6, "Multiwindow, Multi-Burn-Rate Alerts"): page at a burn
    rate of 14.4 over 1 h and 5 m. With a limit of 5 % that is a budget of 5 % / 14.4 = 0.35 %. The alert is
    the service's, not the revision's; NaN and empty results do not fire.
    """
    times = ticks(metrics, 15.0)
    limit, firing = metrics.record.family.limit, metrics.answered(times)
    for window in (long, short):
        answer = metrics.long_ratio(times, window)
        firing &= answer.exists & (answer.value > limit)
    found = np.flatnonzero(firing)
    return float(times[found[0]]) if found.size else None


RULES: tuple[Rule, ...] = (
    *(
        Rule(
            f"argo-{interval}-{limit}",
            f"Argo Rollouts, {interval} s, failureLimit {limit}",
            partial(argo, interval=float(interval), failure_limit=limit),
        )
        for interval in (15, 60)
        for limit in (0, 3)
    ),
    *(
        Rule(
            f"flagger-{interval}-{threshold}",
            f"Flagger, {interval} s, threshold {threshold}",
            partial(flagger, interval=float(interval), threshold=threshold),
        )
        for interval in (15, 60)
        for threshold in (1, 5)
    ),
    Rule("kayenta-1m", "Kayenta Mann-Whitney, each minute", partial(kayenta, interval=60.0)),
    Rule("kayenta-5m", "Kayenta Mann-Whitney, each 5 min", partial(kayenta, interval=300.0)),
    Rule("pipecd-previous-2m", "pipecd ADA PREVIOUS, 2 min", partial(pipecd_previous, interval=120.0)),
    Rule("pipecd-previous-5m", "pipecd ADA PREVIOUS, 5 min", partial(pipecd_previous, interval=300.0)),
    Rule("pipecd-threshold-1m", "pipecd ADA THRESHOLD, 1 min", partial(pipecd_threshold, interval=60.0)),
    Rule("burn-1h-5m", "burn-rate alert, 1 h and 5 min", partial(burn_rate, long=3600.0, short=300.0)),
    Rule("burn-5m-1m", "burn-rate alert, 5 min and 1 min", partial(burn_rate, long=300.0, short=60.0)),
)
