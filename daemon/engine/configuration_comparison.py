"""Says what changed in the ConfigMaps of a case, key by key, where the daemon has a copy to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from daemon.core.case.case import Case
from daemon.core.case.edits import change
from daemon.core.rollout_facts.configuration import ABSENT
from daemon.core.rollout_facts.configuration_content import Content
from daemon.core.rollout_facts.template_diff import TemplateDiff
from daemon.ports import ConfigurationCopies, PortError


def compared(case: Case, proven: Iterable[Content], copies: ConfigurationCopies) -> Case:
    """A case at its opening with what differs from ``proven``, which its baseline was found healthy with.

    It is for people and decides nothing: what cannot be asked for now is not waited for.
    """
    differences = case.status.differences
    if case.spec.in_place:
        differences = TemplateDiff(since=case.spec.revision.number)
    if differences is None:
        # Nothing is known to compare with; the case says so.
        return case
    good = {content.name: content for content in proven}
    lines = [line for content in case.status.contents for line in _lines(case, content, good, copies)]
    return change(case, differences=differences.and_also(lines)) if lines else case


def _lines(
    case: Case, content: Content, good: dict[str, Content], copies: ConfigurationCopies
) -> Iterator[str]:
    before, what = good.get(content.name), f"ConfigMap {content.name}"
    if before is None or _unknown(before) or _unknown(content) or before.digest == content.digest:
        return
    if not content.digest:
        yield f"{what}: gone"
    elif not before.digest:
        yield f"{what}: new"
    else:
        found = _compare(case, content.name, before.digest, copies)
        yield from found or (f"{what}: changed, and no copy tells which keys",)


def _unknown(content: Content) -> bool:
    return not content.digest and (bool(content.problem) or content.version != ABSENT)


def _compare(case: Case, name: str, digest: str, copies: ConfigurationCopies) -> tuple[str, ...]:
    try:
        return copies.compare(case.ref, case.spec.workload_uid, name, digest) or ()
    except PortError:
        return ()
