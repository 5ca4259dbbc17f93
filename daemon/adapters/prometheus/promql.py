"""The one query that reads a signal of the whole fleet: counters, scrape times and targets of each pod."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from daemon.core.value import Value
from daemon.settings.promql_names import labels

INSTANCE, JOB = "instance", "job"
PART = "rollbackd"
"""The label that tells the parts of an answer apart."""


class Part(StrEnum):
    BAD = "bad"
    TOTAL = "total"
    WITHIN = "within"
    """Of a histogram: events up to the edge above the bound. All others are bad."""
    BELOW = "below"
    """Of a histogram: events up to the edge below the bound. They are good; absent is none."""
    AT = "at"
    """The newest scrape's own time. ``timestamp()`` gives it for a plain selector; for anything computed it
    gives the query's time."""
    TARGETS = "targets"
    """How many addresses the pod is scraped at: with more than one, nobody knows whether they count the
    same requests."""


class Grouping(Value, frozen=True):
    """The labels by which series belong together.

    Of one pod's one address, ``replicas`` and the labels ``of_scrapes`` tell apart who has scraped it:
    several that did have the same counters, a scrape apart.
    """

    namespace: str
    pod: str
    replicas: tuple[str, ...] = ()
    of_scrapes: tuple[str, ...] = (JOB,)

    @property
    def by_pod(self) -> str:
        return f"by ({labels((self.namespace, self.pod))})"

    @property
    def by_address(self) -> str:
        return f"by ({labels((self.namespace, self.pod, INSTANCE))})"

    @property
    def by_scraper(self) -> str:
        names = (self.namespace, self.pod, INSTANCE, *self.of_scrapes, *self.replicas)
        return f"by ({labels(dict.fromkeys(names))})"


def pair_query(bad: str, total: str, grouping: Grouping) -> str:
    """Rows by namespace, pod and part, of a pair of counters."""
    parts = {Part.BAD: counted([bad], grouping), Part.TOTAL: counted([total], grouping)}
    return labelled(parts | scrapes([total], grouping))


def counted(forms: Sequence[str], grouping: Grouping) -> str:
    """The sum over a pod's series, each request once.

    Of several scrapers the one with most counts: counters rise, so it is the one that came last. Of several
    ``forms`` the first that a scraper has.
    """
    sums = "\nor ".join(f"sum {grouping.by_scraper} (\n{form}\n)" for form in forms)
    return f"max {grouping.by_pod} (\n{sums}\n)"


def scrapes(selectors: Sequence[str], grouping: Grouping) -> dict[Part, str]:
    """When and at how many addresses these series were scraped. Expressions may end in a comment."""
    times = "\nor ".join(f"timestamp(\n{selector}\n)" for selector in selectors)
    addresses = "\nor ".join(f"group {grouping.by_address} (\n{selector}\n)" for selector in selectors)
    return {
        Part.AT: f"max {grouping.by_pod} (\n{times}\n)",
        Part.TARGETS: f"count {grouping.by_pod} (\n{addresses}\n)",
    }


def several_times(selector: str, grouping: Grouping) -> str:
    """The scrapers whose series have newest scrapes of several times: most likely they are several."""
    by = grouping.by_scraper
    return f'count {by} (count_values {by} ("{PART}", timestamp(\n{selector}\n))) > 1'


def labelled(parts: Mapping[Part, str] | Mapping[str, str]) -> str:
    """One expression of several, each row labelled with the part that it belongs to."""
    # With an empty source label and pattern label_replace always matches: it only adds the label.
    return "\nor ".join(
        f'label_replace({expression}, "{PART}", "{part}", "", "")' for part, expression in parts.items()
    )
