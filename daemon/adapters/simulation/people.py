"""People and their tokens in memory: :class:`daemon.ports.Access`, and what an administrator does."""

from __future__ import annotations

from daemon.core.case.steps.step import Right
from daemon.ports import Person, Stranger


class MemoryAccess:
    """Knows the tokens issued here; a right is given to a name, in a namespace or in all (empty)."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._refused: dict[str, str] = {}
        self._granted: set[tuple[str, str, Right]] = set()
        self.asked = 0
        """How many questions were put."""

    def issue(self, token: str, person: Person) -> None:
        self._people[token] = person

    def refuse(self, token: str, reason: str) -> None:
        """Have a token known as one that is not taken, such as an expired one."""
        self._people.pop(token, None)
        self._refused[token] = reason

    def grant(self, name: str, namespace: str, right: Right) -> None:
        self._granted.add((name, namespace, right))

    def revoke(self, name: str, namespace: str, right: Right) -> None:
        self._granted.discard((name, namespace, right))

    def who(self, token: str) -> Person | Stranger:
        self.asked += 1
        found = self._people.get(token)
        return found or Stranger(
            reason=self._refused.get(token, "the API server does not know this token: make one")
        )

    def may(self, person: Person, namespace: str, right: Right) -> bool:
        self.asked += 1
        whole = Right(verb=right.verb, resource=right.resource, group=right.group)
        return any(
            (person.name, place, one) in self._granted for place in {namespace, ""} for one in {right, whole}
        )
