"""All settings together, and what follows from them for one workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from daemon.core.migration import tasks_of
from daemon.core.model import WorkloadRef
from daemon.core.policy import (
    SUSPENDABLE,
    ConfigurationChoice,
    GateChoice,
    Mode,
    OwnerChoice,
    OwnerKind,
    OwnerPolicy,
    Policy,
    SignalPolicy,
)
from daemon.core.runs import Kind, kind_of
from daemon.settings import selector
from daemon.settings.election import ElectionSettings
from daemon.settings.feature_flags import FeatureFlagSettings
from daemon.settings.freezes import FreezeSettings
from daemon.settings.groups import (
    AlertSettings,
    HealthSettings,
    KubernetesSettings,
    LogSettings,
    PrometheusSettings,
    WebSettings,
)
from daemon.settings.guarding import GuardedWorkload, PolicySettings, SignalChoice, SignalSettings
from daemon.settings.incidents import IncidentSettings
from daemon.settings.migration import MigrationSettings
from daemon.settings.notifying import routes
from daemon.settings.overlays import OverlaySettings
from daemon.settings.owners import OwnerSettings
from daemon.settings.problems import complaint
from daemon.settings.smoke_tests import SmokeTestSettings
from daemon.settings.surroundings import DependencySettings, NeighbourSettings


def _some(workloads: tuple[GuardedWorkload, ...]) -> tuple[GuardedWorkload, ...]:
    # Not min_length: pydantic counts only valid entries, and would complain of it beside the real problem.
    if not workloads:
        raise complaint("nothing is guarded", "add at least one workload")
    return workloads


class Settings(BaseSettings):
    """Frozen. Made by :func:`daemon.settings.load`; made directly, it reads neither file nor environment."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        env_prefix="ROLLBACKD_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    workloads: Annotated[tuple[GuardedWorkload, ...], AfterValidator(_some)] = Field(
        max_length=5000, description="The Deployments that are guarded; at least one."
    )
    signals: tuple[SignalSettings, ...] = Field(
        default=(),
        max_length=20,
        description="What is judged. Each workload goes by them, or says in its own `signals` by which.",
    )
    dependencies: tuple[DependencySettings, ...] = Field(
        default=(), max_length=20, description="Asked before a failure is attributed to a release."
    )
    neighbours: tuple[NeighbourSettings, ...] = Field(
        default=(), max_length=20, description="Looked at before a failure is attributed to a release."
    )
    smoke_tests: tuple[SmokeTestSettings, ...] = Field(
        default=(), max_length=20, description="Run after a rollback, before it may be called a recovery."
    )
    feature_flags: tuple[FeatureFlagSettings, ...] = Field(
        default=(), max_length=5, description="Switched off before a rollback."
    )
    freezes: tuple[FreezeSettings, ...] = Field(
        default=(), max_length=20, description="Times in which a failing release is held for a person."
    )
    migrations: tuple[MigrationSettings, ...] = Field(
        default=(), max_length=20, description="Databases that releases migrate."
    )
    policy: PolicySettings = Field(default=PolicySettings(), description="For all workloads.")
    prometheus: PrometheusSettings = Field(default=PrometheusSettings(), description="The metrics.")
    kubernetes: KubernetesSettings = Field(default=KubernetesSettings(), description="The API server.")
    health: HealthSettings = Field(default=HealthSettings(), description="The pods' endpoints.")
    web: WebSettings = Field(default=WebSettings(), description="The web server.")
    incidents: IncidentSettings = Field(default=IncidentSettings(), description="Incidents.")
    alerts: AlertSettings = Field(default=AlertSettings(), description="Alertmanager's alerts.")
    owners: OwnerSettings = Field(default=OwnerSettings(), description="Who else owns a Deployment.")
    overlays: tuple[OverlaySettings, ...] = Field(
        default=(), max_length=200, description="Where Git says which images run."
    )
    election: ElectionSettings = Field(default=ElectionSettings(), description="Several replicas.")
    log: LogSettings = Field(default=LogSettings(), description="The log.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing is read behind the caller's back: ``load`` hands the sources in."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces with guarded workloads, sorted, each once."""
        return tuple(sorted({workload.namespace for workload in self.workloads}))

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """Namespace → its guarded Deployments, for the namespaces where all are guarded by name."""
        selected = {entry.namespace for entry, _ in self._selected}
        names: dict[str, list[str]] = {}
        for namespace, name in self._named:
            if name is not None and namespace not in selected:
                names.setdefault(namespace, []).append(name)
        return {namespace: tuple(found) for namespace, found in names.items()}

    @property
    def logged(self) -> tuple[str, ...]:
        """The namespaces in which the logs of some workload's pods are read."""
        found = {entry.namespace for entry in self.workloads if self.policy_of(entry).logs}
        return tuple(sorted(found))

    @property
    def runs(self) -> dict[str, frozenset[Kind]]:
        """Namespace → the kinds of tasks that may be run there."""
        found: dict[str, frozenset[Kind]] = {}
        for entry in self.workloads:
            policy = self.policy_of(entry)
            tasks = (
                *(test.task for test in policy.smoke_tests),
                *(flag.task for flag in policy.feature_flags),
                *tasks_of(policy.migration),
            )
            kinds = frozenset(map(kind_of, tasks))
            found[entry.namespace] = found.get(entry.namespace, frozenset()) | kinds
        return found

    @property
    def restoring(self) -> tuple[str, ...]:
        """The namespaces where the policy of a workload restores configuration, sorted, each once."""
        chosen = {
            entry.namespace
            for entry in self.workloads
            if self.policy_of(entry).configuration is ConfigurationChoice.RESTORE
        }
        return tuple(sorted(chosen))

    @property
    def gated(self) -> tuple[str, ...]:
        """The namespaces where the policy of a workload has checks before a plan."""
        found = {e.namespace for e in self.workloads if self.policy_of(e).gates is not GateChoice.SKIP}
        return tuple(sorted(found))

    @property
    def suspending(self) -> Mapping[str, tuple[OwnerKind, ...]]:
        """Namespace → the kinds of owners that the policy of some workload suspends there."""
        kinds = {
            kind
            for entry in self.workloads
            for kind in SUSPENDABLE
            if self.policy_of(entry).owners.choice(kind) is OwnerChoice.SUSPEND
        }
        return {namespace: tuple(sorted(kinds)) for namespace in self.owners.namespaces if kinds}

    def guards(self, ref: WorkloadRef, labels: Mapping[str, str]) -> bool:
        """Whether a Deployment with these labels is guarded."""
        return self._entry(ref, labels) is not None

    def policy_for(self, ref: WorkloadRef, labels: Mapping[str, str]) -> Policy:
        """What holds for one workload.

        One that no entry guards (any more) gets the common policy with mode ``advise``: its open cases can
        be brought to an end, and nothing is done to it.
        """
        return self.policy_of(self._entry(ref, labels))

    def policy_of(self, entry: GuardedWorkload | None) -> Policy:
        """What holds for the workloads of an entry; ``None`` stands for those that no entry guards."""
        values = dict(self.policy)
        if entry is None:
            values["mode"] = Mode.ADVISE
        else:
            own = entry.model_fields_set & PolicySettings.model_fields.keys()
            values |= {name: getattr(entry, name) for name in own}
        values["notify"] = routes(values["notify"])
        paths = self.health.paths if entry is None or entry.health_paths is None else entry.health_paths
        return Policy(
            signals=self._signals(entry),
            dependencies=_chosen(self.dependencies, entry.dependencies if entry else None),
            neighbours=_chosen(self.neighbours, entry.neighbours if entry else None),
            freezes=_chosen(self.freezes, entry.freezes if entry else None),
            smoke_tests=tuple(
                test.test
                for test in self.smoke_tests
                if entry is not None and (entry.smoke_tests is None or test.name in entry.smoke_tests)
            ),
            feature_flags=tuple(
                flag.flag
                for flag in self.feature_flags
                if entry is not None and (entry.feature_flags is None or flag.name in entry.feature_flags)
            ),
            migration=next(
                (one.policy for one in self.migrations if entry is not None and one.name == entry.migration),
                None,
            ),
            health_paths=paths,
            ingress=entry.ingress.check if entry is not None and entry.ingress is not None else None,
            owners=self._owners(entry),
            sinks=self.incidents.chosen,
            templates=self.incidents.message_templates,
            **values,
        )

    def _owners(self, entry: GuardedWorkload | None) -> OwnerPolicy:
        if entry is None:
            return self.owners.policy(None, "")
        overlay = next((one for one in self.overlays if one.name == entry.overlay), None)
        return self.owners.policy(entry.owner, entry.overlay or "", overlay.by_hand if overlay else "")

    def _signals(self, entry: GuardedWorkload | None) -> tuple[SignalPolicy, ...]:
        if entry is None or entry.signals is None:
            return tuple(_signal_policy(signal) for signal in self.signals)
        signals = {signal.name: signal for signal in self.signals}
        return tuple(_signal_policy(signals[choice.name], choice) for choice in entry.signals)

    def _entry(self, ref: WorkloadRef, labels: Mapping[str, str]) -> GuardedWorkload | None:
        named = self._named.get((ref.namespace, ref.name))
        if named is not None:
            return named
        return next(
            (
                entry
                for entry, found in self._selected
                if entry.namespace == ref.namespace and found.matches(labels)
            ),
            None,
        )

    @cached_property
    def _named(self) -> dict[tuple[str, str], GuardedWorkload]:
        return {(entry.namespace, entry.name): entry for entry in self.workloads if entry.name is not None}

    @cached_property
    def _selected(self) -> tuple[tuple[GuardedWorkload, selector.Selector], ...]:
        return tuple(
            (entry, selector.parse(entry.selector)) for entry in self.workloads if entry.selector is not None
        )


def _chosen(
    known: Iterable[DependencySettings | NeighbourSettings | FreezeSettings], chosen: tuple[str, ...] | None
) -> tuple[str, ...]:
    return tuple(entry.name for entry in known) if chosen is None else chosen


def _signal_policy(signal: SignalSettings, choice: SignalChoice | None = None) -> SignalPolicy:
    own = {} if choice is None else choice.model_dump(exclude={"name"}, exclude_none=True)
    common = signal.model_dump(include={"limit", "baseline", "factor", "warmup", "proof"})
    return SignalPolicy(name=signal.name, title=signal.title or signal.name, **common | own)
