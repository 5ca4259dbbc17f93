"""Whether a signal has to be seen before anything is proven by it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.settings.types import Group

Proof = Literal["always", "when_seen"]


class ProofSettings(Group):
    """A part of a signal."""

    proof: Proof = Field(
        default="always",
        description=(
            "`always`: no recovery is claimed and no health proven before it has new events. `when_seen`: "
            "for events that are rare, such as a job an hour; without any it keeps nothing from proof, "
            "unless it is what failed; at least one other signal is asked for in any case."
        ),
    )
