"""The parts of the daemon and what can be set of them. A field's description is its manual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from daemon.core.case.alerts import Naming
from daemon.settings.login import LoginSettings
from daemon.settings.problems import complaint
from daemon.settings.types import (
    Duration,
    ExporterName,
    Group,
    HealthPath,
    HostName,
    HttpUrl,
    LabelName,
    Line,
    ReadableFile,
    secret_from,
)


class PrometheusSettings(Group):
    """Where the metrics are read."""

    url: HttpUrl = Field(
        default="http://prometheus.monitoring.svc:9090",
        description="Address of Prometheus, with the path before `/api/v1` where it has one.",
    )
    timeout: Duration = Field(
        default=5.0,
        ge=0.1,
        le=120,
        description="Seconds for one query, to its last byte. No retries: the next poll asks again.",
    )
    poll: Duration = Field(
        default=5.0,
        ge=0.5,
        le=300,
        description=(
            "Seconds between two queries of a signal while something is watched. A third of the usual "
            "scrape interval, so that a scrape is seen soon after it happened; each is counted once."
        ),
    )
    pod_label: LabelName = Field(
        default="pod",
        description=(
            "The label that holds the pod's name. A name such as `k8s.pod.name` is quoted in queries."
        ),
    )
    namespace_label: LabelName = Field(default="namespace", description="The label that holds the namespace.")
    replica_labels: tuple[LabelName, ...] = Field(
        default=("prometheus", "prometheus_replica", "replica"),
        max_length=10,
        description=(
            "Labels that tell several Prometheus servers apart which scrape the same pods, where `url` is an "
            "aggregator that does not deduplicate. What differs in these, or in labels of the scrape (those "
            "on the targets' `up`), and has the same `instance` is counted once."
        ),
    )
    username: Line = Field(default="", description="For basic authentication; needs `password_file`.")
    password_file: ReadableFile | None = Field(
        default=None, description="File with the password for basic authentication; read at every query."
    )
    bearer_token_file: ReadableFile | None = Field(
        default=None, description="File with a bearer token; read at every query, so it may be rotated."
    )
    headers: Mapping[str, SecretStr] = Field(
        default={},
        description=(
            "Further request headers, such as `X-Scope-OrgID`. Treated as secrets; those that identify us "
            "(`Authorization`, `Cookie`) are refused in the settings file."
        ),
    )
    tls_ca: ReadableFile | None = Field(
        default=None,
        description="File of the authorities to trust for https; the usual public ones without it.",
    )


class KubernetesSettings(Group):
    """How to reach the API server."""

    kubeconfig: ReadableFile | None = Field(
        default=None,
        description="A kubeconfig file. Without it and without `context`: the pod's own account.",
    )
    context: Line = Field(default="", description="Context of the kubeconfig; its current one where empty.")


class HealthSettings(Group):
    """The health endpoints that a recovered pod must answer on."""

    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The pods' port for health endpoints; needed by each path that has no port of its own.",
    )
    paths: tuple[HealthPath, ...] | None = Field(
        default=None,
        max_length=10,
        description=(
            "Paths asked with GET on each pod; below 400 is healthy. A port of its own stands before the "
            "path: `:8081/ready`. Left out: what the pods' own readiness, liveness and startup probes ask "
            "over HTTP or HTTPS (certificates are not verified, as by the kubelet). Empty: no endpoints are "
            "asked."
        ),
    )
    timeout: Duration = Field(
        default=2.0,
        ge=0.1,
        le=60,
        description=(
            "Seconds for one answer. Where a probe's own `timeoutSeconds` is longer it counts, up to 10."
        ),
    )

    def place(self, path: str) -> tuple[int, str]:
        """``:8081/ready`` → 8081 and ``/ready``; a path without a port is asked at `port`.

        Raises ValueError for settings that were never checked, where neither gives a port.
        """
        if path.startswith(":"):
            own, slash, rest = path[1:].partition("/")
            return int(own), f"{slash}{rest}"
        if self.port is None:
            raise ValueError(f"nothing says at which port {path} is asked")
        return self.port, path


class WebSettings(Group):
    """The web server: Alertmanager's webhook, the API, the page, probes and own metrics."""

    host: Line = Field(default="0.0.0.0", description="Address to listen on.")  # noqa: S104
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    page_url: HttpUrl | None = Field(
        default=None, description="Where people reach the page; incidents link to it. None: no links."
    )
    link_key_file: ReadableFile | None = Field(
        default=None,
        description=(
            "File with the key (`openssl rand -base64 32`) of links in messages by which a person approves "
            "or holds a case on the page; needs `page_url` and a login. A new key ends every link. None: "
            "messages link to the case alone."
        ),
    )
    hosts: tuple[HostName, ...] = Field(
        default=(),
        max_length=20,
        description=(
            "Further names that people reach the page under, beside that of `page_url`. Once either is set, "
            "the page and API are served under these, addresses, names without a dot and names of the "
            "cluster (`.svc`, `.local`) alone, so that no foreign page can read them through a visitor's "
            "browser (DNS rebinding). With neither every name is taken. Probes, metrics and the webhook are "
            "served under any name."
        ),
    )
    login: LoginSettings = Field(
        default=LoginSettings(),
        description=(
            "Who may see the page and the API, and what they may do there: the cluster's RBAC decides, see "
            "[login](login.md). Probes, metrics and the webhook have no part in it."
        ),
    )
    local_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description=(
            "A second port, on the loopback alone, with the page and the API to look at and no login: for "
            "`kubectl port-forward`, where whoever may forward ports to the pod may see. None: no such port."
        ),
    )
    token: SecretStr | None = Field(
        default=None,
        description=(
            "The bearer token of the webhook, 16 characters or more (`openssl rand -hex 32`). With no token "
            "the webhook is switched off."
        ),
    )
    token_file: ReadableFile | None = Field(
        default=None, description="File with that token, instead of `token`."
    )
    webhook_key_file: ReadableFile | None = Field(
        default=None,
        description=(
            "File with a key, 16 characters or more, for senders that sign their deliveries instead of "
            "bearing the token (`X-Rollbackd-Signature`, see [login](login.md#the-webhook)). Alertmanager "
            "cannot."
        ),
    )
    max_body: int = Field(
        default=1_048_576,
        ge=1024,
        le=67_108_864,
        description="Bytes of a request body; larger ones are refused. 500 alerts have some 500 kB.",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """All the names that people reach the page under, as far as somebody said."""
        own = urlsplit(self.page_url).hostname if self.page_url is not None else None
        return (*self.hosts, own) if own else self.hosts

    def webhook_key(self) -> SecretStr | None:
        """The key of signed deliveries. Raises OSError when its file has gone."""
        return secret_from(None, self.webhook_key_file)

    def link_key(self) -> SecretStr | None:
        """The key of links in messages. Raises OSError when its file has gone."""
        return secret_from(None, self.link_key_file)

    def secret_token(self) -> SecretStr | None:
        """The webhook's token. Raises OSError when its file has gone."""
        return secret_from(self.token, self.token_file)


class AlertSettings(Group):
    """Which labels of Alertmanager's alerts name what, so that an alert finds its Deployment.

    The most exact label decides. The pod, `deployment`, `workload`, `replicaset`, `owner_name` and the labels
    for objects of other kinds (`statefulset`, `job_name` …) must not contradict each other; only where none
    of them is there, the first of the other `workload_labels` is asked. `exported_X` stands before `X`, which
    is the scraped exporter's own then. What fits no workload is listed on the page, with the reason.
    """

    namespace_labels: tuple[LabelName, ...] = Field(
        default=Naming().namespace_labels,
        max_length=20,
        description=(
            "Labels that hold the namespace; the first that an alert has counts. An alert with none of them "
            "is taken where it fits a single guarded workload."
        ),
    )
    pod_labels: tuple[LabelName, ...] = Field(
        default=Naming().pod_labels,
        max_length=20,
        description="Labels that hold the pod's name; the first that an alert has counts.",
    )
    workload_labels: tuple[LabelName, ...] = Field(
        default=Naming().workload_labels,
        max_length=50,
        description=(
            "Labels that hold the Deployment's name, the most exact first. The first that an alert has "
            "decides: if it holds another name, the alert is not this workload's. Put a label of your own "
            "rules in front."
        ),
    )
    exporters: tuple[ExporterName, ...] = Field(
        default=Naming().exporters,
        max_length=20,
        description=(
            "Exporters that report on other workloads: where a pod, container, service or job has such a "
            "name in its own, these labels are the exporter's and name nobody."
        ),
    )

    @field_validator("namespace_labels")
    @classmethod
    def _some(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if not labels:
            # Else an alert of any namespace would be every namesake's.
            raise complaint("no label holds the namespace", "name one, such as namespace")
        return labels

    @property
    def naming(self) -> Naming:
        return Naming(**self.model_dump())


class LogSettings(Group):
    """The daemon's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe lines that are written."
    )
    format: Literal["json", "console"] = Field(
        default="json", description="`json`: one object a line, for machines; `console`: for people."
    )
