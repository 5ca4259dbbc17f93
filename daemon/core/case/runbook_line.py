"""One line of a case's runbook."""

from __future__ import annotations

from daemon.core.value import Value


class Line(Value, frozen=True):
    """One step: what it does, how far it is (``done``, ``intended``, ``to do``, …), and its commands.

    ``to do`` is what was not begun: what an approval would do, or only a person can; ``not done`` is what a
    plan did not come to.
    """

    text: str
    state: str
    commands: tuple[str, ...]
