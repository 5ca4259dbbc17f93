"""Every owner gets commands that can be typed, and those that can be suspended can be resumed."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.core.case.owner_commands import (
    await_commands,
    resume_commands,
    set_back_commands,
    suspend_commands,
)
from daemon.core.policy import SUSPENDABLE, OwnerKind
from daemon.core.rollout_facts.owners import Owner
from tests.unit.core.test_plan import CASE, TARGET

TOOLS = ("flux", "argocd", "helm", "kubectl", "kustomize", "git")
IMAGE = "registry:5000/team/heat:v1.0.0"
OF = replace(CASE, status=replace(CASE.status, target=replace(TARGET, images=(IMAGE,))))


@pytest.mark.parametrize("kind", OwnerKind)
def test_there_are_commands_for_every_owner(kind: OwnerKind) -> None:
    name = "Stack/web" if kind is OwnerKind.CONTROLLER else "web"
    owner = Owner(kind=kind, name=name, namespace="ops")
    lines = set_back_commands(OF, owner)
    assert lines
    for line in (*lines, *suspend_commands(owner), *await_commands(owner), *resume_commands(owner)):
        assert shlex.split(line)[0] in TOOLS
    for commands in (suspend_commands, await_commands, resume_commands):
        assert bool(commands(owner)) is (kind in SUSPENDABLE)


def test_the_overlays_image_is_set_back_by_its_repository() -> None:
    owner = Owner(kind=OwnerKind.FLUX_KUSTOMIZATION, name="web", namespace="ops")
    assert f"kustomize edit set image registry:5000/team/heat={IMAGE}" in set_back_commands(OF, owner)


@pytest.mark.parametrize("kind", OwnerKind)
def test_no_part_of_a_name_is_a_command(kind: OwnerKind, tmp_path: Path) -> None:
    """Annotations and images are free text, of people whom nobody lets into another person's shell."""
    evil = "web;touch ${HOME:+x};`touch x`$(touch x)'|touch x&touch x&'"
    owner = Owner(kind=kind, name=evil, namespace=evil, release=evil)
    case = replace(OF, status=replace(OF.status, target=replace(TARGET, images=(f"{evil}:{evil}",))))
    lines = (*set_back_commands(case, owner), *suspend_commands(owner), *resume_commands(owner))
    harmless = "".join(f"{tool}() {{ :; }}\n" for tool in TOOLS)

    done = subprocess.run(["sh", "-c", harmless + "\n".join(lines)], cwd=tmp_path, check=False)

    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_digest_is_kept_as_it_is() -> None:
    pinned = "registry/heat@sha256:" + "a" * 64
    case = replace(OF, status=replace(OF.status, target=replace(TARGET, images=(pinned,))))
    owner = Owner(kind=OwnerKind.KUBECTL)
    assert f"kustomize edit set image registry/heat={pinned}" in set_back_commands(case, owner)
