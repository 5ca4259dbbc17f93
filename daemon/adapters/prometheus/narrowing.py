"""Queries for a part of the series alone, so that a metric of the whole cluster does not come back whole.

Only of a plain selector it can be told where a matcher belongs: what is computed may join with series that
have no such label. It stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from daemon.core.value import Value
from daemon.settings import CounterPair, PrometheusSettings, SlowShare, Source
from daemon.settings.promql import named_selector
from daemon.settings.promql_names import label, quoted, selector


def narrowed(expression: str, matchers: str) -> str:
    """Of a plain selector the part that fits the matchers as well; anything computed as it is."""
    found = named_selector(expression) if matchers else None
    return selector(found[0], *all_matchers(matchers, found[1])) if found is not None else expression


def all_matchers(matchers: str, own: str) -> tuple[str, ...]:
    """The expression's ``own`` come last, and end their line: they may end in a comment."""
    return (matchers, f"{own}\n") if own else (matchers,)


class Guarded(Value, frozen=True):
    """The namespaces that are guarded, all of them where there are no ``names``."""

    names: tuple[str, ...]
    namespace_label: str
    pod_label: str

    @property
    def matcher(self) -> str:
        """For series that are counted: those of other namespaces are nobody's."""
        return self._matcher(self.names)

    @property
    def matcher_or_none(self) -> str:
        """For what may concern every namespace: it also fits series without the label."""
        return self._matcher(("", *self.names)) if self.names else ""

    def _matcher(self, names: Sequence[str]) -> str:
        if not names:
            return ""
        name = label(self.namespace_label)
        return f"{name}={quoted(names[0])}" if len(names) == 1 else f"{name}=~{quoted('|'.join(names))}"

    def source(self, source: Source) -> Source:
        """Its series in these namespaces."""
        match source:
            case CounterPair(bad=bad, total=total):
                return CounterPair(bad=narrowed(bad, self.matcher), total=narrowed(total, self.matcher))
            case SlowShare(histogram=name, matchers=own, bound=bound):
                both = ",".join(all_matchers(self.matcher, own)) if self.matcher else own
                return SlowShare(histogram=name, matchers=both, bound=bound)

    def unlabelled(self, source: Source) -> str:
        """A query with a row where series lack the labels everywhere; empty where nothing was narrowed."""
        if not self.names or not isinstance(source, CounterPair) or named_selector(source.total) is None:
            return ""
        namespace, pod = label(self.namespace_label), label(self.pod_label)
        without = narrowed(source.total, f'{namespace}=""')
        placed = narrowed(source.total, f'{namespace}!="",{pod}!=""')
        return f"group(\n{without}\n) unless group(\n{placed}\n)"


def guarded(settings: PrometheusSettings, namespaces: Sequence[str]) -> Guarded:
    return Guarded(
        names=tuple(namespaces), namespace_label=settings.namespace_label, pod_label=settings.pod_label
    )
