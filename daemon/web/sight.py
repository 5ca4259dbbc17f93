"""What of the daemon's memory a visitor may see: what belongs to namespaces whose cases they may list."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from starlette.exceptions import HTTPException

from daemon.core.case.alerts import UnmatchedAlert
from daemon.core.case.case import Case
from daemon.core.case.outline import Outline
from daemon.core.model import Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.web.ports import Views
from daemon.web.visitor import SEE, Visitor


class Sight:
    """Implements :class:`daemon.web.ports.Views` for one visitor and one answer."""

    def __init__(self, views: Views, visitor: Visitor, namespaces: Collection[str]) -> None:
        self._views = views
        self._visitor = visitor
        self._seen: dict[str, bool] = {}
        self._guarded = sorted(namespaces)

    def workloads(self) -> Sequence[Workload]:
        found = self._views.workloads()
        self._some([workload.ref.namespace for workload in found])
        return [workload for workload in found if self.sees(workload.ref.namespace)]

    def outlines(self) -> Sequence[Outline]:
        found = self._views.outlines()
        self._some([one.namespace for one in found])
        return [one for one in found if self.sees(one.namespace)]

    def cases_of(self, ref: WorkloadRef) -> Sequence[Case]:
        return self._views.cases_of(ref) if self.sees(ref.namespace) else ()

    def policy(self, ref: WorkloadRef) -> Policy:
        return self._views.policy(ref)

    def problems(self) -> Sequence[str]:
        """Those that name no namespace that is hidden; of the others, that there are some."""
        hidden = [namespace for namespace in self._guarded if not self.sees(namespace)]
        found = self._views.problems()
        shown = [text for text in found if not any(namespace in text for namespace in hidden)]
        left = len(found) - len(shown)
        return [*shown, f"{left} more, of namespaces that you may not see"] if left else shown

    def unmatched(self) -> Sequence[UnmatchedAlert]:
        """It is not known whose these are, so only who sees everything sees them."""
        return self._views.unmatched() if all(map(self.sees, self._guarded)) else ()

    def unready(self) -> Sequence[str]:
        return self._views.unready()

    def follows(self) -> str:
        return self._views.follows()

    def part(self) -> str:
        return self._views.part()

    def alive(self) -> bool:
        return self._views.alive()

    def sees(self, namespace: str) -> bool:
        """Raises Unavailable when that cannot be asked."""
        if namespace not in self._seen:
            self._seen[namespace] = self._visitor.may(namespace, SEE)
        return self._seen[namespace]

    def _some(self, namespaces: Sequence[str]) -> None:
        """Raises HTTPException where a visitor sees nothing at all: an empty page would be a lie."""
        asked = {*self._guarded, *namespaces}
        if asked and not any(map(self.sees, sorted(asked))):
            shown = ", ".join(sorted(asked)[:3])
            raise HTTPException(
                403,
                f"{self._visitor.name} may not {SEE} in any guarded namespace ({shown}): "
                "bind view, or get and list on rolloutcases, to them in one",
            )
