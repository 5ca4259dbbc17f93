"""What people read of configuration that was changed in place, where the words of a rollout do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daemon.core.case.case import Case, Phase
from daemon.core.case.in_place import restored
from daemon.core.rollout_facts.configuration_change import ConfigurationChange

HEADLINES: Final[Mapping[Phase, str]] = {
    Phase.PROGRESSING: "CONFIGURATION CHANGE UNDER WATCH",
    Phase.WATCHING: "CONFIGURATION CHANGE UNDER WATCH",
    Phase.FAILING: "FAILING SINCE A CONFIGURATION CHANGE",
    Phase.AWAITING_APPROVAL: "RESTORING OF CONFIGURATION AWAITS APPROVAL",
    Phase.HELD: "RESTORING OF CONFIGURATION HELD",
    Phase.ROLLING_BACK: "RESTORING OF CONFIGURATION IN PROGRESS",
    Phase.VERIFYING: "RESTORING OF CONFIGURATION IN PROGRESS",
    Phase.ROLLED_BACK: "CONFIGURATION RESTORED",
    Phase.UNRECOVERED: "RESTORING OF CONFIGURATION DID NOT RECOVER THE SERVICE",
    Phase.HEALTHY: "HEALTHY WITH CHANGED CONFIGURATION",
    Phase.SUPERSEDED: "CONFIGURATION CHANGE SUPERSEDED",
    Phase.ADVISED: "RESTORING OF CONFIGURATION ADVISED",
}
DEGRADED: Final = "DEGRADED WITH CHANGED CONFIGURATION"
NEXT: Final[Mapping[Phase, str]] = {
    Phase.ROLLED_BACK: "find the root cause, and change the configuration again",
    Phase.AWAITING_APPROVAL: "approve that the configuration is restored, or hold it",
    Phase.HELD: "decide whether to put the configuration back; the daemon does not by itself",
    Phase.ADVISED: "decide whether to put the configuration back; the daemon does not by itself",
}
"""What is next where it is not what it is for a rollout."""


def subject(case: Case) -> str:
    """What changed, in few words: "ConfigMap cart-config changed"; empty for a rollout."""
    return ", ".join(
        f"ConfigMap {change.name} {'deleted' if change.gone else 'changed'}"
        for change in case.spec.configuration
    )


def event(case: Case) -> str:
    """What the case is about and what times are counted from: "the rollout", "the change"."""
    return "the change" if case.spec.in_place else "the rollout"


def counted_from(case: Case) -> str:
    """The same as a moment: "the rollout began", "the change was made"."""
    return "the change was made" if case.spec.in_place else "the rollout began"


def fields(case: Case) -> list[str]:
    """The lines of a message that say what changed, and what of it was put back."""
    back = restored(case)
    return [
        *(f"Changed: {change} ({_hashes(change)})" for change in case.spec.configuration),
        f"Restored: {', '.join(f'ConfigMap {name}' for name in back) if back else 'nothing so far'}",
    ]


def _hashes(change: ConfigurationChange) -> str:
    """By the first characters of the hashes: what it holds is told nowhere."""
    before, after = (digest[:8] or "not there" for digest in (change.before, change.after))
    return f"content {before} → {after}"
