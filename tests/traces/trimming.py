"""What is kept of an object: all that says how a rollout goes, and nothing that is the same in each.

A template is trimmed alike in a Deployment, a ReplicaSet and a pod, so that equal templates stay equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.traces.trace import Object

_METADATA = frozenset({"managedFields", "selfLink"})
_ANNOTATIONS = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})
_POD_SPEC = frozenset(
    {
        "dnsPolicy",
        "enableServiceLinks",
        "preemptionPolicy",
        "schedulerName",
        "securityContext",
        "serviceAccount",
        "serviceAccountName",
        "automountServiceAccountToken",
    }
)
_CONTAINER = frozenset({"terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy"})
_POD_STATUS = frozenset({"hostIP", "hostIPs", "podIPs", "qosClass", "resources"})
_CONTAINER_STATUS = frozenset(
    {"allocatedResources", "allocatedResourcesStatus", "containerID", "resources", "user", "volumeMounts"}
)
_POD_CONDITION = frozenset({"observedGeneration", "lastProbeTime"})
_UNREAD_CONDITIONS = frozenset({"PodReadyToStartContainers"})
_NODE_CONDITION = frozenset({"lastHeartbeatTime"})
_EVENT = (
    "metadata",
    "involvedObject",
    "reason",
    "message",
    "type",
    "count",
    "firstTimestamp",
    "lastTimestamp",
    "eventTime",
    "series",
    "action",
)
ROUTINE = frozenset(
    {"Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulCreate", "SuccessfulDelete"}
)
"""Reasons of events that say no more than the objects' own changes."""
_INVOLVED = ("kind", "name", "uid", "fieldPath")


def trim(kind: str, raw: Mapping[str, Any]) -> Object:
    """A copy with what a reader could use, without nulls."""
    match kind:
        case "Deployment" | "ReplicaSet":
            spec = dict(raw["spec"])
            spec["template"] = _template(spec["template"])
            made = {**raw, "spec": spec}
        case "Pod":
            made = {**raw, "spec": _pod_spec(raw["spec"]), "status": _pod_status(raw.get("status") or {})}
        case "Node":
            made = _node(raw)
        case "Event":
            made = _event(raw)
        case _:
            raise ValueError(f"no trace holds a {kind}")
    made["metadata"] = _metadata(kind, raw["metadata"])
    made.pop("kind", None)
    made.pop("apiVersion", None)
    trimmed: Object = _without_nulls(made)
    return trimmed


def _dropped(raw: Mapping[str, Any], names: frozenset[str]) -> Object:
    return {key: value for key, value in raw.items() if key not in names}


def _metadata(kind: str, raw: Mapping[str, Any]) -> Object:
    if kind == "Event":
        return {"name": raw["name"], "creationTimestamp": raw["creationTimestamp"]}
    made = _dropped(raw, _METADATA)
    if kind == "Node":
        made.pop("annotations", None)
    annotations = _dropped(made.pop("annotations", None) or {}, _ANNOTATIONS)
    return {**made, "annotations": annotations} if annotations else made


def _template(raw: Mapping[str, Any]) -> Object:
    return {**raw, "spec": _pod_spec(raw["spec"])}


def _pod_spec(raw: Mapping[str, Any]) -> Object:
    made = _dropped(raw, _POD_SPEC)
    for name in ("containers", "initContainers"):
        if name in made:
            made[name] = [_dropped(container, _CONTAINER) for container in made[name]]
    # Written by an admission plugin into each pod, and in no template.
    kept = [entry for entry in made.pop("tolerations", []) if not _default_toleration(entry)]
    return {**made, "tolerations": kept} if kept else made


def _default_toleration(raw: Mapping[str, Any]) -> bool:
    return str(raw.get("key", "")).startswith("node.kubernetes.io/") and raw.get("tolerationSeconds") == 300


def _pod_status(raw: Mapping[str, Any]) -> Object:
    made = _dropped(raw, _POD_STATUS)
    conditions = [_dropped(entry, _POD_CONDITION) for entry in made.pop("conditions", None) or ()]
    if kept := [entry for entry in conditions if entry["type"] not in _UNREAD_CONDITIONS]:
        made["conditions"] = kept
    for name in ("containerStatuses", "initContainerStatuses"):
        if name in made:
            made[name] = [_dropped(container, _CONTAINER_STATUS) for container in made[name]]
    return made


def _node(raw: Mapping[str, Any]) -> Object:
    spec = {key: value for key, value in raw["spec"].items() if key in ("taints", "unschedulable")}
    conditions = [_dropped(entry, _NODE_CONDITION) for entry in raw["status"].get("conditions", [])]
    return {"spec": spec, "status": {"conditions": conditions}}


def _event(raw: Mapping[str, Any]) -> Object:
    made = {key: raw[key] for key in _EVENT if raw.get(key) is not None}
    made["involvedObject"] = {key: value for key, value in raw["involvedObject"].items() if key in _INVOLVED}
    component = raw.get("reportingComponent") or (raw.get("source") or {}).get("component", "")
    return {**made, "reportingComponent": component}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value
