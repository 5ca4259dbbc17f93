"""From what people type to the workload or case they mean; and Tab's proposals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from daemon.cli.invocation import Invocation, invocation_of

if TYPE_CHECKING:
    from daemon.core.case.case import Case
    from daemon.core.model import WorkloadRef

KINDS = frozenset({"deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"})
SHOWN = 5
"""Candidates named in an error."""


def split(name: str, namespace: str | None) -> tuple[str | None, str]:
    """``namespace/name``, ``deployment/name`` or ``name`` → (namespace or ``None``, name)."""
    first, slash, rest = name.strip().rpartition("/")
    if not rest or "/" in first:
        raise click.UsageError(f"{name!r} is not a name: write name, namespace/name or deployment/name.")
    if not slash or first.lower() in KINDS:
        return namespace, rest
    if namespace is not None and namespace != first:
        raise click.UsageError(f"{name!r} is in {first}, and --namespace says {namespace}: leave one out.")
    return first, rest


def workload(session: Invocation, name: str) -> WorkloadRef:
    """The workload of a name. Its namespace is the given one, the settings' one for it, or their only one."""
    from daemon.core.model import WorkloadRef

    namespace, bare = split(name, session.options.namespace)
    if namespace is None:
        settings = session.looking
        named = {entry.namespace for entry in settings.workloads if entry.name == bare}
        possible = sorted(named or set(settings.namespaces))
        if len(possible) != 1:
            raise click.UsageError(
                f"which {bare}? There are guarded namespaces {', '.join(possible)}: add --namespace."
            )
        namespace = possible[0]
    return WorkloadRef(namespace=namespace, name=bare)


def cases_of(session: Invocation, name: str | None, cases: Iterable[Case]) -> list[Case]:
    """The cases of one workload (of all without a name), the newest first."""
    from daemon.presentation.case_views import newest_first

    namespace, bare = (
        (session.options.namespace, None) if name is None else split(name, session.options.namespace)
    )
    return [
        case
        for case in newest_first(cases)
        if namespace in (None, case.namespace) and bare in (None, case.spec.workload)
    ]


def case(session: Invocation, name: str) -> Case:
    """The case that a name, or the beginning of one, means. Raises Missing, UsageError (several)."""
    from daemon.ports import Missing

    namespace, bare = split(name, session.options.namespace)
    here = [each for each in session.store.cases() if namespace in (None, each.namespace)]
    found = [each for each in here if each.name == bare] or [
        each for each in here if each.name.startswith(bare)
    ]
    if not found:
        where = f" in namespace {namespace}" if namespace else ""
        raise Missing(f"there is no case {bare}{where}: see rollbackd history")
    if len(found) > 1:
        names = [f"{each.namespace}/{each.name}" for each in found[:SHOWN]]
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise click.UsageError(f"{name!r} could be {', '.join(names)}{more}: type more of the name.")
    return found[0]


def case_or_newest(session: Invocation, name: str) -> Case:
    """The case of a name, or the newest of a workload. Raises Missing, UsageError (several)."""
    of_workload = cases_of(session, name, session.store.cases())
    namespaces = {each.namespace for each in of_workload}
    if len(namespaces) > 1:
        raise click.UsageError(f"there is {name} in {', '.join(sorted(namespaces))}: add --namespace.")
    return of_workload[0] if of_workload else case(session, name)


def propose_cases(
    context: click.Context, _: click.Parameter, incomplete: str
) -> Sequence[CompletionItem[str]]:
    return [
        CompletionItem(each.name, help=f"{each.status.phase.value}: {each.status.reason}"[:80])
        for each in _known(context)
        if each.name.startswith(incomplete)
    ]


def propose_workloads(
    context: click.Context, _: click.Parameter, incomplete: str
) -> Sequence[CompletionItem[str]]:
    names = dict.fromkeys(each.spec.workload for each in _known(context))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _known(context: click.Context) -> Iterable[Case]:
    """The cases, or none: Tab has no place for an error."""
    from daemon.ports import PortError
    from daemon.settings import SettingsError

    try:
        session = invocation_of(context)
        return cases_of(session, None, session.store.cases())
    except (PortError, SettingsError):
        return ()
