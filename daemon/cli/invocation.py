"""One invocation: its global options, what they lead to, and where words go."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.cli.backend import Backend
from daemon.presentation.words import clean

if TYPE_CHECKING:
    from rich.console import Console

    from daemon.core.case.case import Case
    from daemon.ports import CaseStore
    from daemon.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Options:
    config: Path | None = None
    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    output: str | None = None
    """``None`` where nobody asked: the command's own default, which is a table for all but ``judge``."""
    log_level: str | None = None


class Invocation:
    """Made once for each invocation; a command gets it as ``@click.pass_obj``."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.options = Options()

    def set(self, **options: Any) -> None:
        self.options = replace(self.options, **options)

    @property
    def json(self) -> bool:
        """Whether standard output is one document for a program: JSON, or the same as YAML."""
        return self.options.output in {"json", "yaml"}

    @cached_property
    def config_file(self) -> Path | None:
        """The settings file in use; ``None`` where there is none."""
        if self.options.config is not None:
            return self.options.config
        return next((path for path in self.backend.config_places if path.is_file()), None)

    @property
    def flags(self) -> Mapping[str, str | None]:
        """The options that are settings, by the settings' names."""
        return {
            "kubernetes.kubeconfig": self.options.kubeconfig,
            "kubernetes.context": self.options.context,
            "log.level": self.options.log_level,
        }

    @cached_property
    def settings(self) -> Settings:
        """Raises SettingsError."""
        return self.backend.settings(self.config_file, self.flags, os.environ)

    @cached_property
    def looking(self) -> Settings:
        """The settings for what is only looked at, or is between a person and the cluster.

        Without a file, those of one namespace. Raises SettingsError, PortError.
        """
        if self.config_file is not None or "ROLLBACKD_WORKLOADS" in os.environ:
            return self.settings
        from daemon.settings import looking_at

        return looking_at(self.namespace, self.flags, os.environ)

    @cached_property
    def namespace(self) -> str:
        """What ``--namespace`` says, else the kubeconfig context. Raises PortError."""
        named = self.options.namespace
        return named or self.backend.namespace(self.options.kubeconfig, self.options.context)

    @cached_property
    def store(self) -> CaseStore:
        self.quiet_log()
        return self.backend.case_store(self.looking)

    def quiet_log(self) -> None:
        """For all commands but the daemon itself: only what goes wrong, as text."""
        self.backend.log(self.options.log_level or "warning")

    @cached_property
    def console(self) -> Console:
        from rich.console import Console

        # Piped, lines are not wrapped for a screen that is not there.
        return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False)

    def say(self, text: str) -> None:
        """For people: on standard error where standard output is for a program."""
        click.echo(clean(text), err=self.json)

    def name(self, case: Case) -> None:
        """As ``kubectl get -o name`` writes it."""
        click.echo(clean(f"rolloutcase.rollbackd.io/{case.name}"))

    def emit(self, value: object) -> None:
        """For programs: one document."""
        import msgspec

        document = msgspec.json.encode(value)
        if self.options.output == "yaml":
            # By way of JSON, so that times are the same text in both.
            click.echo(msgspec.yaml.encode(msgspec.json.decode(document)).decode(), nl=False)
        else:
            click.echo(msgspec.json.format(document, indent=2).decode())


def invocation_of(context: click.Context) -> Invocation:
    """The invocation's session; the root context holds it, or the parts it is to be made of, or nothing."""
    root = context.find_root()
    if not isinstance(root.obj, Invocation):
        root.obj = Invocation(root.obj if isinstance(root.obj, Backend) else Backend())
    context.obj = root.obj
    return root.obj
