"""How each effect changes a scene."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from .effects import (
    Aged,
    Blip,
    Bursts,
    Clumps,
    Effect,
    Endpoint,
    Overload,
    Retries,
    Rush,
    Scope,
    Shift,
    Tide,
    Traffic,
    Wander,
    WarmUp,
)
from .scene import NEW, SCRAPE, Floats, Scene

DAY = 86_400.0


@singledispatch
def happen(effect: Effect, scene: Scene) -> None:
    """Change the scene by one effect. Effects are applied in the family's order."""
    raise TypeError(f"{scene.family.name}: nothing says what {type(effect).__name__} does to a scene")


@happen.register
def _retries(retries: Retries, scene: Scene) -> None:
    # What is drawn are first tries; what they bring along is added when events are counted.
    tries = 1 + (retries.least + retries.most) / 2
    scene.bad /= tries - (tries - 1) * scene.bad


@happen.register
def _tide(tide: Tide, scene: Scene) -> None:
    wave = np.sin(2 * np.pi * scene.seconds / DAY)
    scene.traffic *= 1 + tide.traffic * wave
    scene.bad *= 1 + tide.rate * wave


@happen.register
def _endpoint(endpoint: Endpoint, scene: Scene) -> None:
    share = endpoint.share * np.exp(_memory(scene, 0.3, 60.0))
    rows = scene.rows(NEW)
    scene.bad[rows] = np.clip(share, 0.0, 1.0)
    scene.begins(float(min(scene.pods[row].start for row in rows)))


@happen.register
def _traffic(traffic: Traffic, scene: Scene) -> None:
    scene.traffic[scene.seconds >= scene.draw(traffic.at)] *= scene.draw(traffic.factor)


@happen.register
def _shift(shift: Shift, scene: Scene) -> None:
    rate, at, lasts = scene.draw(shift.rate), scene.draw(shift.at), scene.draw(shift.lasts)
    rows = scene.rows(NEW) if shift.scope is not Scope.ALL else list(range(len(scene.pods)))
    if shift.scope is Scope.ONE_NEW:
        rows = rows[:1]
    if shift.scope is not Scope.ALL:
        at = max(at, float(min(scene.pods[row].start for row in rows)))
    when = scene.between(at, at + lasts)
    grown = np.clip((scene.seconds - at) / shift.ramp, 0.0, 1.0) if shift.ramp > 0 else np.ones(when.size)
    for row in rows:
        before = scene.bad[row]
        scene.bad[row] = np.where(when, before + (rate - before) * grown, before)
    limit, usual = scene.family.limit, scene.family.rate
    if rate > limit:
        crossing = shift.ramp * (limit - usual) / (rate - usual) if usual < limit else 0.0
        scene.begins(at + crossing)


@happen.register
def _bursts(bursts: Bursts, scene: Scene) -> None:
    rate = scene.draw(bursts.rate)
    begins = _renewals(scene, bursts)
    if not bursts.unseen and not any(scene.begin + SCRAPE <= at <= -bursts.lasts - SCRAPE for at in begins):
        begins.append(scene.draw((scene.begin + SCRAPE, -bursts.lasts - SCRAPE)))
    for at in begins:
        when = scene.between(at, at + bursts.lasts)
        scene.bad[:, when] = np.maximum(scene.bad[:, when], rate)


def _renewals(scene: Scene, bursts: Bursts) -> list[float]:
    begins, at = [], float(scene.begin) - scene.draw((0.0, bursts.every))
    while at < scene.end:
        begins.append(at)
        at += bursts.lasts + scene.draw((bursts.every / 2, bursts.every * 1.5))
    return begins


@happen.register
def _clumps(clumps: Clumps, scene: Scene) -> None:
    """Beta-distributed rates, one a scrape interval; the correlation gives the variance its factor.

    For n requests the variance is n·p·(1 - p)·(1 + (n - 1)·ρ), so ρ = (dispersion - 1) / (n - 1).
    """
    sharing = 1 if clumps.shared else scene.family.pods
    requests = max(scene.family.traffic * SCRAPE / sharing, 2.0)
    correlation = min((clumps.dispersion - 1) / (requests - 1), 0.9)
    weight = (1 - correlation) / correlation
    common: Floats | None = None
    for row, pod in enumerate(scene.pods):
        slots = (np.arange(scene.seconds.size) + (0 if clumps.shared else SCRAPE - pod.phase)) // SCRAPE
        firsts = np.unique(slots, return_index=True)[1]
        rate = np.clip(scene.bad[row][firsts], 1e-9, 1 - 1e-9)
        if common is None or not clumps.shared:
            common = scene.rng.beta(rate * weight, (1 - rate) * weight)
        scene.bad[row] = common[slots - slots[0]]


def _memory(scene: Scene, deviation: float, memory: float) -> Floats:
    """A stationary AR(1), second by second, of that standard deviation."""
    keep = float(np.exp(-1 / memory))
    noise = scene.rng.normal(0.0, deviation * np.sqrt(1 - keep**2), scene.seconds.size)
    level, path = float(scene.rng.normal(0.0, deviation)), np.empty(noise.size)
    for second, push in enumerate(noise.tolist()):
        level = keep * level + push
        path[second] = level
    return path


@happen.register
def _wander(wander: Wander, scene: Scene) -> None:
    scene.bad *= np.exp(_memory(scene, wander.deviation, wander.memory))


@happen.register
def _rush(rush: Rush, scene: Scene) -> None:
    at = scene.draw(rush.at)
    for begin in (at - 3600, at):
        when = scene.between(begin, begin + rush.lasts)
        scene.traffic[when] *= rush.traffic
        scene.bad[:, when] = np.maximum(scene.bad[:, when], rush.rate)


@happen.register
def _warm_up(warm_up: WarmUp, scene: Scene) -> None:
    for row in scene.rows(NEW):
        age = scene.seconds - scene.pods[row].start
        peak, lasts = scene.draw(warm_up.peak), scene.draw(warm_up.lasts)
        extra = peak * np.exp(-3.0 * np.maximum(age, 0.0) / lasts)
        scene.bad[row] += np.where((age >= 0) & (age < 2 * lasts), extra, 0.0)


@happen.register
def _blip(blip: Blip, scene: Scene) -> None:
    rate, lasts = scene.draw(blip.rate), scene.draw(blip.lasts)
    for row in scene.rows(NEW):
        age = scene.seconds - scene.pods[row].start
        young = (age >= 0) & (age < lasts)
        scene.bad[row] = np.where(young, np.maximum(scene.bad[row], rate), scene.bad[row])


@happen.register
def _aged(aged: Aged, scene: Scene) -> None:
    after = scene.draw(aged.after)
    for row in scene.rows(NEW):
        at = scene.pods[row].start + after
        scene.bad[row] = np.where(scene.seconds >= at, aged.rate, scene.bad[row])
        scene.begins(at)


@happen.register
def _overload(overload: Overload, scene: Scene) -> None:
    at, factor = scene.draw(overload.at), scene.draw(overload.factor)
    when = scene.seconds >= at
    scene.traffic[when] *= factor
    scene.bad[:, when] = np.maximum(scene.bad[:, when], 1 - overload.capacity / factor)
    scene.begins(at)
