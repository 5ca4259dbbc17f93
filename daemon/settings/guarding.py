"""What is guarded, by which signals it is judged, and what may be done about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from daemon.core.policy import Mode, OwnerChoice
from daemon.settings.configuration import ConfigurationSettings
from daemon.settings.gates import GateSettings
from daemon.settings.guard_settings import GuardSettings
from daemon.settings.ingress import IngressSettings
from daemon.settings.notifying import NotifySettings
from daemon.settings.proof import Proof, ProofSettings
from daemon.settings.sources import CounterPair, Source, slow_share
from daemon.settings.strategy import StrategySettings
from daemon.settings.types import (
    DeploymentName,
    Duration,
    Group,
    HealthPath,
    Histogram,
    LabelSelector,
    Line,
    Namespace,
    PromQL,
    Ratio,
    SignalName,
)

Baseline = Literal["compare", "ignore", "require"]


class SignalSettings(ProofSettings):
    """One signal: cumulative counters of bad events and of all, and the share that is too much.

    They are either a pair of queries, `bad` and `total`, or the requests of a `histogram` that were
    `slower_than` some time.
    """

    name: SignalName = Field(description="Short name, unique; cases, logs and workloads refer to it.")
    title: Line = Field(default="", description="How messages name it; its name where empty.")
    bad: PromQL | None = Field(
        default=None,
        description=(
            "PromQL for the bad events: counters as scraped, without `rate` or `increase`, keeping their "
            "labels. Where it has no series for a pod, the pod has no bad events. Goes with `total`."
        ),
    )
    total: PromQL | None = Field(
        default=None,
        description=(
            'PromQL for all events, bad ones included. Keep it a plain selector (`name{label="x"}`): only'
            " of a selector does Prometheus tell when each pod was scraped; of anything computed it tells"
            " the time of the query, and then stale samples cannot be noticed. And a selector alone is asked"
            " for the guarded namespaces only, anything computed for the whole cluster."
        ),
    )
    histogram: Histogram | None = Field(
        default=None,
        description=(
            "Instead of `bad` and `total`: a histogram's name, without `_bucket`, with label matchers in "
            "braces where wanted. Classic and native ones are read, whichever Prometheus has."
        ),
    )
    slower_than: Duration | None = Field(
        default=None,
        gt=0,
        le=86_400,
        description=(
            "With `histogram`: requests that took longer than this are bad. Best an edge of its buckets: "
            "what lies between two edges around it is not known to be bad and not known to be good. A "
            "histogram whose name ends in `_milliseconds` or `_ms` is taken to count in these, any other in "
            "seconds."
        ),
    )
    limit: Ratio = Field(
        description="The share of bad events that is too much, between 0 and 1: 0.05 is 5 %."
    )
    baseline: Baseline = Field(
        default="compare",
        description=(
            "`compare`: a new revision fails when it is over the limit and worse than the old one, where "
            "the old one's rate is known. `require`: never fails without a baseline. `ignore`: the limit "
            "alone."
        ),
    )
    factor: float = Field(
        default=1.5,
        gt=1,
        le=100,
        description=(
            "Where the old revision is over the limit itself: the odds ratio to it that counts as worse. "
            "1.5 lets ordinary variation pass."
        ),
    )
    warmup: Duration = Field(
        default=0.0,
        ge=0,
        le=86_400,
        description=(
            "Seconds of a pod's age in which only an outage counts (more than half of its requests), for "
            "cold caches and JIT."
        ),
    )

    @property
    def source(self) -> Source:
        """What is read of Prometheus. Raises ValueError for settings that were never checked."""
        if self.bad is not None and self.total is not None:
            return CounterPair(bad=self.bad, total=self.total)
        if self.histogram is not None and self.slower_than is not None:
            return slow_share(self.histogram, self.slower_than)
        raise ValueError(f"signal {self.name} has neither bad and total nor histogram and slower_than")


class PolicySettings(ConfigurationSettings, GateSettings, GuardSettings, NotifySettings, StrategySettings):
    """What may be done, and how long to look. A workload may set any of these for itself."""

    mode: Mode = Field(
        default=Mode.AUTOMATIC,
        description=(
            "`automatic`: roll back by itself. `approval`: ask first (`rollbackd approve`). `advise`: "
            "only notify; this switches all acting off."
        ),
    )
    watch: Duration = Field(
        default=600.0,
        ge=1,
        le=86_400,
        description=(
            "Seconds that a new revision is watched after its rollout is complete. Ten minutes show a 6 %"
            " error rate against a limit of 5 % from some 50 requests a second on; severe failures show "
            "at once."
        ),
    )
    baseline_window: Duration = Field(
        default=1800.0,
        ge=1,
        le=86_400,
        description="Seconds before the rollout that count as the time to compare with.",
    )
    rollback_deadline: Duration = Field(
        default=600.0,
        ge=1,
        le=86_400,
        description=(
            "Seconds that a rollback's rollout may take before people are called. 600 is Kubernetes' own "
            "default for `progressDeadlineSeconds`."
        ),
    )
    verify_deadline: Duration = Field(
        default=600.0,
        ge=1,
        le=86_400,
        description="Seconds after the rollback in which metrics and health endpoints must prove recovery.",
    )
    stale_after: Duration = Field(
        default=60.0,
        ge=1,
        le=3600,
        description=(
            "Seconds after which a scrape is too old to say anything. Keep it over two scrape intervals "
            "of Prometheus; the usual interval is 15 s."
        ),
    )
    restarts: int = Field(
        default=2,
        ge=1,
        le=1000,
        description=(
            "Crashes of one new pod that count as failing. One crash may be bad luck, two are not; 1000 "
            "switches it off."
        ),
    )
    require_traffic: bool = Field(
        default=True,
        description=(
            "Whether a recovery must be proven from requests. Off: ready pods and health endpoints are "
            "enough, for services that may be idle."
        ),
    )
    logs: bool = Field(
        default=False,
        description=(
            "Whether the pods' logs of the last 10 minutes are searched for error lines after a rollback, "
            "and the last line of a container that does not start is shown. It needs the right to `get` "
            "`pods/log`, which the chart grants where this is on. Off, for logs may hold what nobody but "
            "their readers should see: samples, with what looks like a secret masked, are stored in the case "
            "and sent with incidents."
        ),
    )
    decisive_alerts: tuple[Line, ...] = Field(
        default=(),
        description=(
            "Names of alerts whose firing for the workload, begun after the rollout, decides by itself. "
            "Empty: alerts are evidence only."
        ),
    )
    keep: int = Field(
        default=20,
        ge=2,
        le=1000,
        description="Finished cases kept for each workload; older ones are deleted.",
    )
    contact: Line = Field(default="", description="Whom messages name for questions, such as a channel.")
    title: Line = Field(default="", description="How messages name the workload; its name where empty.")


class SignalChoice(Group):
    """A signal that a workload is judged by, with what differs for it."""

    name: SignalName = Field(description="Name of one of `signals`.")
    limit: Ratio | None = Field(default=None, description="Another limit than the signal's own.")
    baseline: Baseline | None = Field(default=None, description="Another use of the baseline.")
    factor: float | None = Field(default=None, gt=1, le=100, description="Another factor.")
    warmup: Duration | None = Field(
        default=None, ge=0, le=86_400, description="Another time to warm up, in seconds."
    )
    proof: Proof | None = Field(default=None, description="Whether it has to be seen to prove anything.")


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class GuardedWorkload(PolicySettings):
    """A Deployment, or those that a label selector finds, and what differs for it from `policy`.

    Only what is set here differs: a field that is left out is the policy's, whatever its default says.
    """

    namespace: Namespace = Field(description="The namespace; the daemon needs its rights there.")
    name: DeploymentName | None = Field(default=None, description="The Deployment's name.")
    selector: LabelSelector | None = Field(
        default=None,
        description=(
            "Instead of a name: a label selector over the Deployments' own labels (`=`, `!=`, `in`, "
            "`notin`, `key`, `!key`, joined by commas). A Deployment that is also named keeps its own "
            "entry; of several selectors the first counts."
        ),
    )
    signals: tuple[Annotated[SignalChoice, BeforeValidator(_named)], ...] | None = Field(
        default=None,
        max_length=20,
        description=(
            "Signals to judge it by: names, or maps of `name` and `limit`, `baseline`, `factor` or "
            "`warmup`. Left out: all of them; where there are none, that is an error. Empty: none, then only "
            "its pods count."
        ),
    )
    dependencies: tuple[SignalName, ...] | None = Field(
        default=None,
        max_length=20,
        description="Names of `dependencies` that it needs. Left out: all of them. Empty: none.",
    )
    neighbours: tuple[SignalName, ...] | None = Field(
        default=None,
        max_length=20,
        description="Names of `neighbours` that it needs. Left out: all of them. Empty: none.",
    )
    smoke_tests: tuple[SignalName, ...] | None = Field(
        default=None,
        max_length=20,
        description="Names of `smoke_tests` that it must pass. Left out: all of them. Empty: none.",
    )
    feature_flags: tuple[SignalName, ...] | None = Field(
        default=None,
        max_length=5,
        description="Names of `feature_flags` to switch off. Left out: all of them. Empty: none.",
    )
    ingress: IngressSettings | None = Field(
        default=None, description="Where its users come in. Left out: it is asked on its pods alone."
    )
    freezes: tuple[SignalName, ...] | None = Field(
        default=None,
        max_length=20,
        description="Names of `freezes` that hold for it. Left out: all of them. Empty: none.",
    )
    migration: SignalName | None = Field(
        default=None,
        description="Name of one of `migrations`: its database. Left out: it has none that is asked for.",
    )
    owner: OwnerChoice | None = Field(
        default=None,
        description="What is done whoever else owns it. Left out: what `owners` says of its owner.",
    )
    overlay: SignalName | None = Field(
        default=None, description="Name of the one of `overlays` that says its images."
    )
    health_paths: tuple[HealthPath, ...] | None = Field(
        default=None,
        max_length=10,
        description="Other health endpoints than `health.paths`, or than its pods' own probes; empty: none.",
    )
