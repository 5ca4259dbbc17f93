"""Which API resources the daemon talks to, and their paths."""

from __future__ import annotations

from urllib.parse import quote

from daemon.core.value import Value


class Resource(Value, frozen=True):
    """One API resource; ``group`` is empty for the core group."""

    group: str
    version: str
    plural: str

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path; without a namespace, the collection over all namespaces, or what is in none."""
        root = ["apis", self.group, self.version] if self.group else ["api", self.version]
        scope = ["namespaces", namespace] if namespace else []
        rest = [part for part in (name, subresource) if part]
        return "/" + "/".join(quote(part, safe="") for part in [*root, *scope, self.plural, *rest])

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


DEPLOYMENTS = Resource(group="apps", version="v1", plural="deployments")
REPLICA_SETS = Resource(group="apps", version="v1", plural="replicasets")
PODS = Resource(group="", version="v1", plural="pods")
NODES = Resource(group="", version="v1", plural="nodes")
CONFIG_MAPS = Resource(group="", version="v1", plural="configmaps")
SECRETS = Resource(group="", version="v1", plural="secrets")
SERVICE_ACCOUNTS = Resource(group="", version="v1", plural="serviceaccounts")
VOLUME_CLAIMS = Resource(group="", version="v1", plural="persistentvolumeclaims")
JOBS = Resource(group="batch", version="v1", plural="jobs")
EVENTS = Resource(group="", version="v1", plural="events")
LEASES = Resource(group="coordination.k8s.io", version="v1", plural="leases")
CASES = Resource(group="rollbackd.io", version="v1alpha1", plural="rolloutcases")
HPAS = Resource(group="autoscaling", version="v2", plural="horizontalpodautoscalers")
ROLLOUTS = Resource(group="argoproj.io", version="v1alpha1", plural="rollouts")
CANARIES = Resource(group="flagger.app", version="v1beta1", plural="canaries")
APPLICATIONS = Resource(group="argoproj.io", version="v1alpha1", plural="applications")
KUSTOMIZATIONS = Resource(group="kustomize.toolkit.fluxcd.io", version="v1", plural="kustomizations")
HELM_RELEASES = Resource(group="helm.toolkit.fluxcd.io", version="v2", plural="helmreleases")
