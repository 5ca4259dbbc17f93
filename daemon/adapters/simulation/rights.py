"""The daemon's own rights in memory: :class:`daemon.ports.Rights`, and what people grant and take."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.case.steps.step import Right


class MemoryRights:
    """All of them, but for what was taken; or where ``granted`` is given, these alone and what is granted."""

    def __init__(self, granted: Iterable[tuple[str, Right]] | None = None) -> None:
        self._granted = None if granted is None else set(granted)
        self._taken: set[tuple[str, Right]] = set()

    def may(self, namespace: str, right: Right) -> bool:
        whole = Right(verb=right.verb, resource=right.resource, group=right.group)
        either = {(namespace, right), (namespace, whole)}
        return not either & self._taken and (self._granted is None or bool(either & self._granted))

    def take(self, namespace: str, right: Right) -> None:
        self._taken.add((namespace, right))

    def grant(self, namespace: str, right: Right) -> None:
        self._taken.discard((namespace, right))
        if self._granted is not None:
            self._granted.add((namespace, right))
