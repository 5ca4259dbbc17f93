"""Why a container waits, in the kubelet's words: what can pass by itself, and what cannot.

Only what cannot change by itself is definite. All else waits for the Deployment's own progress deadline: the
kubelet tries again, and most of it passes (a registry that is down, a cache that was not filled in time, a
runtime that was busy). Words that are not known here are not definite.
"""

from __future__ import annotations

import re

from daemon.core.rollout_facts.configuration import Reference

PULLING = frozenset({"ErrImagePull", "ImagePullBackOff"})
NEVER_PULLABLE = frozenset({"InvalidImageName", "ErrImageNeverPull"})
UNRESOLVED = "CreateContainerConfigError"
UNSTARTABLE = frozenset({"RunContainerError", "CreateContainerError"})

_NO_MANIFEST = re.compile(
    r"manifest unknown"  # the registry's own code (distribution-spec, "Error codes"): Docker, CRI-O
    r"|failed to resolve reference.*: not found"  # containerd, of a 404 for the manifest
    r"|no match for platform in manifest",
    re.IGNORECASE | re.DOTALL,
)
_REFUSED = re.compile(r"authori[sz]|denied|forbidden|\b40[13]\b|credential|insufficient_scope", re.IGNORECASE)
"""A registry that does not let us in may say "does not exist" of what it hides."""
_NO_KEY = re.compile(r"couldn't find key \S+ in (ConfigMap|Secret)", re.IGNORECASE)
_NO_OBJECT = re.compile(r'(configmap|secret) "([^"]+)" not found', re.IGNORECASE)
_NO_COMMAND = re.compile(
    r"executable file not found in|exec: .*: (no such file or directory|permission denied)"
    r"|no command specified",
    re.IGNORECASE | re.DOTALL,
)


def no_image(reason: str, message: str) -> bool:
    """Whether the image can never be had by this name."""
    if reason in NEVER_PULLABLE:
        return True
    return reason in PULLING and _NO_MANIFEST.search(message) is not None and _REFUSED.search(message) is None


def no_configuration(reason: str, message: str) -> bool:
    """Whether the ConfigMap or Secret, or the key of it, that the template names is not there."""
    named = _NO_KEY.search(message) or _NO_OBJECT.search(message)
    return reason == UNRESOLVED and named is not None


def missing_object(reason: str, message: str) -> Reference | None:
    """The ConfigMap or Secret that is not there, where that is what the container waits for."""
    found = _NO_OBJECT.search(message) if reason == UNRESOLVED else None
    if found is None:
        return None
    kind = {"configmap": "ConfigMap", "secret": "Secret"}[found[1].lower()]
    return Reference(kind=kind, name=found[2])


def no_command(reason: str, message: str) -> bool:
    """Whether the image has no such program, so that no start can work."""
    return reason in UNSTARTABLE and _NO_COMMAND.search(message) is not None
