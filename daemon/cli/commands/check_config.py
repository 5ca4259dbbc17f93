"""``check-config``: are the settings right, and does the world answer as they expect?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from daemon.cli.framework import BAD, OK, Command
from daemon.cli.invocation import Invocation

if TYPE_CHECKING:
    from datetime import datetime

    from daemon.adapters.kubernetes.permissions import Permission
    from daemon.adapters.live_check import Notice
    from daemon.core.model import WorkloadRef
    from daemon.core.rollout_facts.owners import Ownership
    from daemon.settings import Settings


@click.command(
    cls=Command,
    examples="""
rollbackd check-config
rollbackd check-config --config rollbackd.yaml --live
rollbackd check-config -o json
""",
)
@click.option(
    "--live", is_flag=True, help="Also ask Prometheus every query, and the API server for our rights."
)
@click.pass_obj
def check_config(session: Invocation, live: bool) -> int:
    """Check the settings, and show for each workload what is asked, and where.

    All problems are named at once, each with its place and its remedy; exit code 2. With --live every query
    is put to Prometheus, every right that the daemon needs is asked of the API server, and who else owns the
    guarded Deployments is shown; exit code 1 when something does not answer as it should.
    """
    from daemon.settings import SettingsError

    try:
        settings = session.settings
    except SettingsError as error:
        if session.json:
            session.emit({"ok": False, "file": _file(session), "problems": error.problems})
        raise
    now = session.backend.clock().now()
    report: dict[str, Any] = {"file": _file(session), **summary(settings, now)}
    if not session.json:
        _print(session, settings, now)
    found = _live(session, settings) if live else {}
    if session.json:
        session.emit({"ok": _well(found), **report, **found})
    elif live:
        session.say("All live checks passed." if _well(found) else "Some live checks failed.")
    else:
        session.say("The settings are valid; --live holds them against the cluster and Prometheus.")
    return OK if _well(found) else BAD


def _file(session: Invocation) -> str | None:
    return None if session.config_file is None else str(session.config_file)


def summary(settings: Settings, now: datetime) -> dict[str, Any]:
    """What was decided, without any secret, and which freeze is next."""
    from daemon.cli.workload_queries import asked, freezes, shards

    return {
        "freezes": freezes(settings, now),
        "workloads": [asked(settings, entry) for entry in settings.workloads],
        "webhook": settings.web.token is not None or settings.web.token_file is not None,
        "shards": shards(settings),
    }


def _print(session: Invocation, settings: Settings, now: datetime) -> None:
    from daemon.cli.tables import table, text
    from daemon.cli.workload_queries import blocks, freeze_rows

    show = session.console.print
    show(text(str(session.config_file or "no settings file: the environment"), "bold"))
    for heading, rows in blocks(settings):
        show()
        show(text(heading, "bold"))
        show(table(("ASKED", "OF IT"), rows))
    show()
    if rows := freeze_rows(settings, now):
        show(table(("FREEZE", "WINDOW"), rows))
        show()
    _print_shards(session, settings)
    webhook = "on" if summary(settings, now)["webhook"] else "off (no web.token_file)"
    show(text(f"Alertmanager's webhook is {webhook}."))


def _print_shards(session: Invocation, settings: Settings) -> None:
    """Which namespaces are in which, and whether there are too many."""
    from daemon.cli.tables import table, text
    from daemon.cli.workload_queries import shards

    found = shards(settings)
    if not found:
        return
    show = session.console.print
    show(table(("SHARD", "NAMESPACES"), [(str(n), ", ".join(own) or "none") for n, own in enumerate(found)]))
    empty = sum(not own for own in found)
    if empty:
        said = f"{empty} of {len(found)} shards have no namespace: election.shards may be lower."
        show(text(said, "yellow"))
    show()


def _live(session: Invocation, settings: Settings) -> dict[str, Any]:
    """Findings and permissions; where the API server cannot be asked, that is the finding."""
    from daemon.cli.tables import text
    from daemon.ports import PortError

    session.quiet_log()
    findings = session.backend.findings(settings)
    permissions: Sequence[Permission] = ()
    owners: Mapping[WorkloadRef, Ownership] = {}
    trouble = definition = ""
    try:
        definition = session.backend.definition(settings)
        permissions = session.backend.permissions(settings)
        owners = session.backend.owners(settings)
    except PortError as error:
        trouble = str(error)
    if not session.json:
        _print_live(session, findings, permissions, trouble)
        if definition:
            session.console.print(text(f"The CustomResourceDefinition: {definition}", "red"))
        _print_owners(session, settings, owners)
    named = {str(ref): owned for ref, owned in owners.items()}
    return {
        "findings": findings,
        "permissions": permissions,
        "owners": named,
        "cluster": trouble,
        "definition": definition,
    }


def _print_owners(session: Invocation, settings: Settings, owners: Mapping[WorkloadRef, Ownership]) -> None:
    """Whom each Deployment has besides, and what is done then."""
    from daemon.cli.tables import table, text

    rows = [
        (str(ref), words, choice)
        for ref, owned in sorted(owners.items())
        for words, choice in _owner_rows(settings, ref, owned)
    ]
    session.console.print()
    if rows:
        session.console.print(table(("WORKLOAD", "ALSO OWNED BY", "THEN"), rows))
    else:
        session.console.print(text("No guarded Deployment has marks of another owner."))


def _owner_rows(settings: Settings, ref: WorkloadRef, owned: Ownership) -> Iterator[tuple[str, str]]:
    policy = settings.policy_for(ref, {}).owners
    for owner in owned.owners:
        yield f"{owner} ({owner.evidence})", policy.choice(owner.kind).value
    if owned.scaled_by:
        yield f"{owned.scaled_by} (replicas alone)", "replicas are never touched"
    for doubt in owned.doubts:
        yield f"not known: {doubt}", ""


def _print_live(
    session: Invocation, findings: Iterable[Notice], permissions: Sequence[Permission], trouble: str
) -> None:
    from daemon.cli.tables import table, text

    show = session.console.print
    rows = [(f.level, f.field, f"{f.message}; {f.remedy}" if f.remedy else f.message) for f in findings]
    show()
    show(table(("PROMETHEUS", "SETTING", "FINDING"), rows))
    show()
    if trouble:
        show(text(f"The API server: {trouble}", "red"))
        return
    show(table(("ALLOWED", "NAMESPACE", "RESOURCE", "VERBS"), _permission_rows(permissions)))


def _permission_rows(permissions: Sequence[Permission]) -> list[tuple[str, str, str, str]]:
    """A line for each resource with what is allowed, and one with what is not."""
    verbs: dict[tuple[str, str, bool], list[str]] = {}
    for one in permissions:
        verbs.setdefault((one.namespace, one.resource, one.allowed), []).append(one.verb)
    return [
        ("yes" if allowed else "no", namespace, resource, ", ".join(names))
        for (namespace, resource, allowed), names in sorted(verbs.items())
    ]


def _well(found: Mapping[str, Any]) -> bool:
    return (
        not found.get("cluster")
        and not found.get("definition")
        and all(finding.level != "error" for finding in found.get("findings", ()))
        and all(permission.allowed or permission.optional for permission in found.get("permissions", ()))
    )
