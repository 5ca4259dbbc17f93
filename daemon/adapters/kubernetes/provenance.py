"""What a Deployment's metadata tells of whoever made it and writes it."""

from __future__ import annotations

from datetime import datetime

from daemon.adapters.kubernetes import partial
from daemon.core.model import Provenance, Writer
from daemon.core.rollout_facts.owners import ANNOTATIONS, LAST_APPLIED

LONGEST = 600
"""Characters of an annotation that are kept: two names of 253, and what joins them."""


def provenance(meta: partial.DeploymentMetadata) -> Provenance:
    """What was last applied is as long as the Deployment itself: only that it is there is kept."""
    kept = {name: value[:LONGEST] for name, value in (meta.annotations or {}).items() if name in ANNOTATIONS}
    if LAST_APPLIED in kept:
        kept[LAST_APPLIED] = ""
    controller = next((owner for owner in meta.owner_references or () if owner.controller), None)
    return Provenance(
        annotations=kept,
        controller=f"{controller.kind}/{controller.name}" if controller is not None else "",
        writers=tuple(_writer(entry) for entry in meta.managed_fields or () if entry.manager),
    )


def _writer(entry: partial.Manager) -> Writer:
    return Writer(
        name=entry.manager,
        at=_time(entry.time),
        template=entry.wrote_template,
        replicas=entry.wrote("replicas"),
        scaled=entry.subresource == "scale",
    )


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
