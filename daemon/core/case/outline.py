"""A case as a store keeps it: what is asked of each of a fleet's cases again and again, the whole on demand.

Nearly all cases are finished, and of those few are looked at. Decoded, most of each is its signals' trails.
"""

from __future__ import annotations

import zlib
from sys import intern
from typing import Final

import msgspec

from daemon.core.assessment import Verdict
from daemon.core.case.case import Case, Phase, Status
from daemon.core.model import WorkloadRef
from daemon.core.value import Instant, Value

QUICK: Final = 1
"""Of zlib's levels: the others take longer than they save."""


class Outline(Value, frozen=True):
    uid: str
    ref: WorkloadRef
    name: str
    resource_version: str
    phase: Phase
    verdict: Verdict
    opened_at: Instant
    workload_uid: str
    generation: int
    number: int
    """The revision's, as are ``hash`` and ``replica_set_uid``."""
    hash: str
    replica_set_uid: str
    target_hash: str
    """Of the revision that it returned to, or would have; empty without one."""
    unfinished: bool
    settled: bool
    """Whether it is one of the daemon's own, complete and finished, with no instruction left to follow."""
    troubled: bool
    alerted: bool
    """Whether alerts were recorded on it."""
    held: Case | bytes
    """The case, or what it was packed to."""

    @property
    def namespace(self) -> str:
        return self.ref.namespace

    def whole(self) -> Case:
        return self.held if isinstance(self.held, Case) else _unpacked(self.held)


def outline(case: Case, *, packed: bool = False) -> Outline:
    """``packed`` is for what is kept and seldom asked for: it takes a fraction of the memory, and each
    :meth:`Outline.whole` some time."""
    spec, status = case.spec, case.status
    unfinished = case.unfinished
    obeyed = spec.instruction is None or spec.instruction == status.last_instruction
    return Outline(
        uid=case.uid,
        ref=WorkloadRef(namespace=intern(case.namespace), name=intern(spec.workload)),
        name=case.name,
        resource_version=case.resource_version,
        phase=case.phase,
        verdict=status.verdict,
        opened_at=spec.opened_at,
        workload_uid=intern(spec.workload_uid),
        generation=spec.generation,
        number=spec.revision.number,
        hash=spec.revision.hash,
        replica_set_uid=spec.revision.replica_set_uid,
        target_hash=status.target.hash if status.target is not None else "",
        unfinished=unfinished,
        settled=not unfinished and case.genuine and obeyed and status != Status(),
        troubled=status.trouble is not None,
        alerted=bool(status.alerts),
        held=zlib.compress(_ENCODER.encode(case), QUICK) if packed else case,
    )


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Case)


def _unpacked(packed: bytes) -> Case:
    return _DECODER.decode(zlib.decompress(packed))
