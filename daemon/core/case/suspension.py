"""What a case keeps suspended: said for as long as the case is the last word."""

from __future__ import annotations

from daemon.core.case import owner_commands
from daemon.core.case.case import Case
from daemon.core.case.effect import Effect, EffectOutcome


def suspension(case: Case) -> Effect | None:
    """The step that suspended an owner which this case did not resume."""
    last: Effect | None = None
    for effect in case.status.effects:
        if effect.kind == "suspend-owner" and effect.outcome is EffectOutcome.DONE:
            last = effect
        if effect.kind == "resume-owner" and effect.outcome is EffectOutcome.DONE:
            last = None
    return last


def with_suspension(case: Case, text: str) -> str:
    """The text with what stays suspended, and how it is resumed: that is never left unsaid."""
    step = suspension(case)
    resuming = any(effect.kind == "resume-owner" for effect in case.pending)
    if step is None or step.owner is None or resuming:
        return text
    commands = "; ".join(owner_commands.resume_commands(step.owner))
    return f"{text}; {step.owner} stays suspended: when what it reads is set back, {commands}"
