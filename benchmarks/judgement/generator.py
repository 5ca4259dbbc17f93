"""From a family and a seed to a record: the numbers' seed is SHA-256 of the family's name and the seed.

Second by second and pod by pod: the requests are Poisson (thinned over the serving pods, or dealt out
evenly), the bad ones of them binomial with the scene's rate. Counters are the running sums, read at scrapes.
"""

from __future__ import annotations

import hashlib

import numpy as np

from .effects import Duplicated, Resets, Retries
from .families import Family
from .happening import happen
from .record import Record, Samples
from .scene import NEW, SCRAPE, Floats, Scene, Whole, scene_of
from .spoiling import Plan, spoiled, stamped

EPOCH = 1_750_000_000
OTHER_RATE = {"errors": 0.002, "latency": 0.003}
"""Of a signal that is recorded beside the one in question, and is well."""


def generate(family: Family, seed: int) -> Record:
    """The record of that seed: same family and seed, same record, on any machine with this numpy."""
    digest = hashlib.sha256(f"{family.name}/{seed}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    scene = scene_of(family, rng)
    if family.new_rate is not None:
        scene.bad[scene.rows(NEW)] = family.new_rate
        if family.new_rate > family.limit > family.rate:
            scene.begins(float(min(scene.pods[row].start for row in scene.rows(NEW))))
    for effect in family.effects:
        happen(effect, scene)
    return _recorded(scene, seed)


def _recorded(scene: Scene, seed: int) -> Record:
    family, rng = scene.family, scene.rng
    start = float(EPOCH + int(rng.integers(0, 86_400)))
    requests = _requests(scene)
    resets = _reset_times(scene)
    plan, unreachable = spoiled(scene, _plan(scene))
    rates: dict[str, Floats] = {family.signal: scene.bad}
    if family.beside:
        other = "latency" if family.signal == "errors" else "errors"
        rates[other] = np.full_like(scene.bad, OTHER_RATE[other])
    late = scene.draw(family.dependency) if family.dependency else None
    onset = scene.onset
    return Record(
        family=family,
        seed=seed,
        start=start,
        end=start + scene.end - 2 * SCRAPE,
        pods=tuple(scene.pods),
        signals={
            name: stamped(scene, _read(scene, plan, requests, rate, resets), start)
            for name, rate in rates.items()
        },
        onset=None if onset is None else start + onset,
        first_full=None if onset is None else start + _first_full(scene, onset),
        phase=float(rng.random()),
        unreachable=tuple((start + begin, start + end) for begin, end in unreachable),
        dependency_at=None if late is None or onset is None else start + onset + late,
    )


def _requests(scene: Scene) -> Whole:
    if not scene.family.even:
        return scene.rng.poisson(scene.traffic * scene.share)
    # Dealt out in turn: of the first n requests pod i of k has had (n + i) // k.
    arrived = np.cumsum(scene.rng.poisson(scene.traffic))
    serving = scene.share > 0
    turn = np.cumsum(serving, axis=0) - 1
    each = np.maximum(serving.sum(axis=0), 1)
    had = (arrived + turn) // each
    before = (np.concatenate(([0], arrived[:-1])) + turn) // each
    return np.where(serving, had - before, 0)


def _reset_times(scene: Scene) -> dict[int, list[int]]:
    times = sum(flaw.times for flaw in scene.family.flaws if isinstance(flaw, Resets))
    latest = round(scene.family.watch)
    return {row: sorted(scene.rng.integers(20, latest, size=times).tolist()) for row in scene.rows(NEW)}


def _plan(scene: Scene) -> Plan:
    pods, seconds, jitters = [], [], []
    for row, pod in enumerate(scene.pods):
        offsets = [0]
        for flaw in scene.family.flaws:
            if isinstance(flaw, Duplicated):
                offsets.append(scene.whole(flaw.offset))
        for offset in offsets:
            times = np.arange(pod.scrapes.start + offset, pod.end, SCRAPE)
            times = times[(times > scene.begin) & (times < scene.end)]
            pods.append(np.full(times.size, row))
            seconds.append(times)
            jitters.append(np.full(times.size, scene.rng.uniform(0.0, 0.9)))
    second, jitter = np.concatenate(seconds), np.concatenate(jitters)
    order = np.argsort(second + jitter, kind="stable")
    return Plan(pod=np.concatenate(pods)[order], second=second[order], jitter=jitter[order])


def _read(scene: Scene, plan: Plan, requests: Whole, rate: Floats, resets: dict[int, list[int]]) -> Samples:
    bad = scene.rng.binomial(requests, np.clip(rate, 0.0, 1.0))
    for effect in scene.family.effects:
        if isinstance(effect, Retries):
            again = effect.least * bad + scene.rng.binomial((effect.most - effect.least) * bad, 0.5)
            requests, bad = requests + again, bad + again
    total, wrong = np.cumsum(requests, axis=1, dtype=np.float64), np.cumsum(bad, axis=1, dtype=np.float64)
    for row, pod in enumerate(scene.pods):
        if pod.start < scene.begin:
            lived = int(scene.rng.integers(1_000, 100_000))
            total[row] += lived
            wrong[row] += scene.rng.binomial(lived, scene.family.rate)
        for counter in (total[row], wrong[row]):
            # The new process counts from zero: what the old one had counted by then is gone.
            marks = [(at - scene.begin, counter[at - scene.begin]) for at in resets.get(row, ())]
            for (mark, height), before in zip(marks, [0.0, *(height for _, height in marks)], strict=False):
                counter[mark:] -= height - before
    cell = plan.second - scene.begin - 1
    return Samples(
        at=plan.second + plan.jitter, pod=plan.pod, total=total[plan.pod, cell], bad=wrong[plan.pod, cell]
    )


def _first_full(scene: Scene, onset: float) -> float:
    ends = []
    for row in scene.rows(NEW):
        pod = scene.pods[row]
        if pod.end <= onset or pod.start >= onset + SCRAPE:
            continue
        ends.append(next((s for s in pod.scrapes if s - SCRAPE >= max(onset, pod.start)), pod.end))
    return max(ends, default=onset + SCRAPE) + 1.0
