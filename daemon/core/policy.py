"""What the operator decided: how each signal is judged, and how far the daemon may go by itself."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal, assert_never

from daemon.core.migration import MigrationPolicy
from daemon.core.runs import FeatureFlag, Ingress, SmokeTest
from daemon.core.value import Value


class Mode(StrEnum):
    """How far the daemon may go by itself."""

    AUTOMATIC = "automatic"
    APPROVAL = "approval"
    ADVISE = "advise"


class ConfigurationChoice(StrEnum):
    """What becomes of a ConfigMap that holds something else than the target was found healthy with: beside a
    rollback, and where nothing but the ConfigMap was changed."""

    RESTORE = "restore"
    HOLD = "hold"
    IGNORE = "ignore"


class GateChoice(StrEnum):
    """What is made of the checks before a plan begins. What is known to be missing holds it in any case."""

    HOLD = "hold"
    """What cannot be asked is said, and the plan begins."""
    STRICT = "strict"
    """What cannot be asked holds it as well."""
    SKIP = "skip"
    """Nothing is checked."""


class Unapproved(StrEnum):
    """What becomes of a case whose approval does not come in time; never an act."""

    HOLD = "hold"
    ADVISE = "advise"


class Level(StrEnum):
    """How much an incident asks of people, in the order in which they stand here, the least first."""

    INFO = "info"
    """The daemon is at work, or was: there is nothing to do."""
    WARNING = "warning"
    """It waits for a person, or found what it does not act on."""
    CRITICAL = "critical"
    """The service is not well, and the rollback did not help."""

    def reaches(self, least: Level) -> bool:
        """Whether it is as high as ``least`` or higher.

        >>> Level.WARNING.reaches(Level.INFO), Level.WARNING.reaches(Level.CRITICAL)
        (True, False)
        """
        order = tuple(Level)
        return order.index(self) >= order.index(least)


class Route(Value, frozen=True):
    """Who is notified of incidents of a level and above: a sink, and where in it; its first channel where
    ``channel`` is empty."""

    sink: str
    channel: str = ""
    min_level: Level = Level.INFO


MessageKind = Literal[
    "default",
    "failing",
    "announced",
    "awaiting_approval",
    "held",
    "advised",
    "rolling_back",
    "verifying",
    "rolled_back",
    "unrecovered",
    "healthy",
    "degraded",
    "superseded",
    "trouble",
]
"""What a message tells; ``default`` stands for those that have no template of their own."""


class MessageTemplate(Value, frozen=True):
    """The operator's words for one kind of message, with fields as ``$name`` or ``${name}``. Empty: ours."""

    kind: MessageKind
    title: str = ""
    body: str = ""


RECORDS = frozenset({"log", "events"})
"""Sinks that call nobody: they are where one looks."""


class OwnerKind(StrEnum):
    """What may own a Deployment besides people, so that it writes the template by itself or in their name."""

    ARGO_CD = "argocd"
    FLUX_KUSTOMIZATION = "flux-kustomization"
    FLUX_HELM_RELEASE = "flux-helmrelease"
    HELM = "helm"
    KUBECTL = "kubectl-apply"
    CONTROLLER = "controller"
    """A custom resource that controls the Deployment by owner reference."""
    ROLLOUT = "argo-rollout"
    CANARY = "flagger-canary"


class OwnerChoice(StrEnum):
    """What becomes of a rollback when somebody else owns the Deployment."""

    ACT = "act"
    ADVISE = "advise"
    SUSPEND = "suspend"
    GIT = "git"


SUSPENDABLE = frozenset({OwnerKind.ARGO_CD, OwnerKind.FLUX_KUSTOMIZATION, OwnerKind.FLUX_HELM_RELEASE})
"""Owners that can be told to leave the Deployment alone for a while."""


class OwnerPolicy(Value, frozen=True):
    """The choice for each kind of owner. One that a kind does not know is replaced by that kind's own."""

    CHOICES: ClassVar[tuple[str, ...]] = (
        "argocd",
        "flux_kustomization",
        "flux_helmrelease",
        "helm",
        "kubectl_apply",
        "other",
    )
    argocd: OwnerChoice = OwnerChoice.ADVISE
    flux_kustomization: OwnerChoice = OwnerChoice.ADVISE
    flux_helmrelease: OwnerChoice = OwnerChoice.ACT
    helm: OwnerChoice = OwnerChoice.ACT
    kubectl_apply: OwnerChoice = OwnerChoice.ACT
    other: OwnerChoice = OwnerChoice.ADVISE
    argocd_namespace: str = "argocd"
    """Where Applications are whose tracking id names no namespace."""
    overlay: str = ""
    """The overlay in Git that says the workload's images; empty where none is known."""
    overlay_by_hand: str = ""
    """What a person types to edit it, where it is no kustomization."""

    def choice(self, kind: OwnerKind) -> OwnerChoice:
        match kind:
            case OwnerKind.ARGO_CD:
                return self.argocd
            case OwnerKind.FLUX_KUSTOMIZATION:
                return self.flux_kustomization
            case OwnerKind.FLUX_HELM_RELEASE:
                return self.flux_helmrelease
            case OwnerKind.HELM:
                return OwnerChoice.ACT if self.helm is OwnerChoice.SUSPEND else self.helm
            case OwnerKind.KUBECTL:
                kubectl = self.kubectl_apply
                return OwnerChoice.ACT if kubectl is OwnerChoice.SUSPEND else kubectl
            case OwnerKind.CONTROLLER | OwnerKind.ROLLOUT | OwnerKind.CANARY:
                return self._driven(self.other, OwnerChoice.ADVISE)
        assert_never(kind)

    @staticmethod
    def _driven(choice: OwnerChoice, instead: OwnerChoice) -> OwnerChoice:
        """What knows neither suspension nor an overlay."""
        return choice if choice in (OwnerChoice.ACT, OwnerChoice.ADVISE) else instead


class SignalPolicy(Value, frozen=True):
    """How one signal is judged. ``limit`` is a ratio in (0, 1)."""

    name: str
    title: str
    limit: float
    baseline: Literal["compare", "ignore", "require"] = "compare"
    factor: float = 1.5
    """Where the baseline itself is over the limit: the odds ratio to it that counts as worse."""
    warmup: float = 0.0
    """Seconds of a pod's age in which only an outage counts: cold caches and JIT are no failure."""
    proof: Literal["always", "when_seen"] = "always"
    """Whether it must have new events before a recovery is claimed or health proven; ``when_seen`` asks for
    none, unless the signal is what failed, or no other is ``always``."""


class Policy(Value, frozen=True):
    """What the operator decided for one workload. Durations in seconds."""

    mode: Mode = Mode.AUTOMATIC
    strategy: Literal["previous"] = "previous"
    """Which revision is returned to by itself."""
    signals: tuple[SignalPolicy, ...] = ()
    watch: float = 600.0
    baseline_window: float = 1800.0
    rollback_deadline: float = 600.0
    verify_deadline: float = 600.0
    stale_after: float = 60.0
    restarts: int = 2
    """Crashes of a new pod that count as failing."""
    require_traffic: bool = True
    """Whether a recovery must be proven from requests, and not from pods and health endpoints alone."""
    health_paths: tuple[str, ...] | None = None
    """Health endpoints of each pod (``/ready``, ``:8081/ready``); ``None``: its own HTTP probes."""
    logs: bool = False
    """Whether the pods' logs are read: error lines after a rollback, the last line of what is stuck."""
    smoke_tests: tuple[SmokeTest, ...] = ()
    """What must pass after a rollback before it may be called a recovery."""
    ingress: Ingress | None = None
    """Where its users come in, and must be answered before it may be called a recovery."""
    feature_flags: tuple[FeatureFlag, ...] = ()
    """What is switched off before a rollback."""
    migration: MigrationPolicy | None = None
    """How the database's version is read, and whether it may be taken back; ``None``: there is none."""
    max_rollbacks: int = 3
    """Automatic rollbacks of one workload in 24 hours."""
    cooldown: float = 0.0
    """Seconds after a rollback in which the next one is not begun by itself; at most a day."""
    announce: float = 0.0
    """Seconds for which people can hold a rollback that the daemon is about to begin by itself."""
    approval_deadline: float = 0.0
    """Seconds that an approval is waited for; 0: for as long as it takes."""
    unapproved: Unapproved = Unapproved.HOLD
    freezes: tuple[str, ...] = ()
    """Freeze windows in which nothing is done by itself."""
    configuration: ConfigurationChoice = ConfigurationChoice.HOLD
    configuration_sync: float = 150.0
    """Seconds within which the kubelet brings a changed ConfigMap to every pod that mounts it."""
    gates: GateChoice = GateChoice.SKIP
    restart_stuck: bool = False
    """Whether a rollback whose rollout is stuck is restarted once, where that may help."""
    owners: OwnerPolicy = OwnerPolicy()
    decisive_alerts: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    """Gauges that tell whether what the workload depends on can be reached."""
    neighbours: tuple[str, ...] = ()
    """Groups of pods in its namespace that it depends on."""
    sinks: tuple[str, ...] = ("log",)
    """Those in use."""
    notify: tuple[Route, ...] | None = None
    """Who is notified of what; ``None``: every sink of everything."""
    templates: tuple[MessageTemplate, ...] = ()
    """The operator's words for messages, one for a kind at most."""
    keep: int = 20
    """Finished cases kept for a workload."""
    contact: str = ""
    title: str = ""
    """How messages name the workload; its name where empty."""

    @property
    def routes(self) -> tuple[Route, ...]:
        """The cluster's own records hear of everything, unless they are named themselves."""
        if self.notify is None:
            return tuple(Route(sink=sink) for sink in self.sinks)
        named = {route.sink for route in self.notify}
        own = (Route(sink=sink) for sink in self.sinks if sink in RECORDS and sink not in named)
        return (*own, *self.notify)
