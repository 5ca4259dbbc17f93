"""What is released: templates that are well, and those that are bad in a way that pods show."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.adapters.simulation.templates import simple_template
from daemon.core.model import WorkloadRef
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.value import Value

GOOD, NEW, BAD = "v1.0.0", "v1.0.1", "v1.1.0"
IMAGE = "registry.local/shop/cart"
CONFIG = Reference(kind="ConfigMap", name="cart-config")
NO_KEY = ("CreateContainerConfigError", "couldn't find key LIMIT in ConfigMap shop/cart-config")


class Badness(Value, frozen=True):
    """``init``: what is wrong is in its init container."""

    name: str
    fault: Fault
    init: bool = False


KINDS = (
    Badness(name="crash loop at the start", fault=Fault(kind=FaultKind.CRASH, after=1.0)),
    Badness(name="crash after 20 s", fault=Fault(kind=FaultKind.CRASH, after=20.0)),
    Badness(name="out of memory", fault=Fault(kind=FaultKind.OOM, after=4.0)),
    Badness(name="never ready", fault=Fault(kind=FaultKind.UNREADY)),
    Badness(name="image missing", fault=Fault(kind=FaultKind.IMAGE_MISSING)),
    Badness(name="ConfigMap missing", fault=Fault(kind=FaultKind.CONFIG_ERROR)),
    Badness(name="ConfigMap key missing", fault=Fault(kind=FaultKind.WAITS, after=math.inf, words=NO_KEY)),
    Badness(name="init container fails", fault=Fault(kind=FaultKind.CRASH, after=1.0), init=True),
    Badness(name="loses readiness after 60 s", fault=Fault(kind=FaultKind.LOSES_READINESS, after=60.0)),
)
NEVER_READY = KINDS[3]


def init_tag(tag: str) -> str:
    return f"init-{tag}"


def tags_of(tag: str) -> frozenset[str]:
    """The image tags of all containers of a release."""
    return frozenset({tag, init_tag(tag), "proxy"})


def template(ref: WorkloadRef, tag: str, *, digest: bool = False) -> dict[str, Any]:
    """With an init container, a sidecar in the plain way, and a ConfigMap."""
    image = f"{IMAGE}@sha256:{tag}" if digest else f"{IMAGE}:{tag}"
    made = simple_template(ref.name, image)
    made["spec"]["containers"].append({"name": "proxy", "image": "registry.local/mesh:proxy"})
    made["spec"]["initContainers"] = [{"name": "migrate", "image": f"registry.local/migrate:{init_tag(tag)}"}]
    made["spec"]["volumes"] = [{"name": "config", "configMap": {"name": CONFIG.name}}]
    return made


def some(random: Random) -> Badness:
    return random.choice(KINDS)
