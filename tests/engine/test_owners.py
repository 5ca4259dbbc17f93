"""Somebody else owns the Deployment: hold, act once, or suspend first; and nothing stays suspended unsaid."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.incident import message
from daemon.core.case.plan import STEPS
from daemon.core.case.runbook import runbook
from daemon.core.policy import OwnerChoice, OwnerKind, OwnerPolicy
from daemon.core.rollout_facts.owners import Owner
from daemon.ports import Rejected
from tests.engine.world import IMAGE, POLICY, REF, World

FLUX = Owner(kind=OwnerKind.FLUX_KUSTOMIZATION, name="apps", namespace="flux-system")
ARGO = Owner(kind=OwnerKind.ARGO_CD, name="heat", namespace="argocd")
GROUP = "kustomize.toolkit.fluxcd.io"


def owned(owner: Owner = FLUX, choice: OwnerChoice | None = None, *, interval: float = 10.0) -> World:
    """A world whose owner has just released v1.1.0, of which a third of the requests fails."""
    owners = OwnerPolicy() if choice is None else OwnerPolicy(argocd=choice, flux_kustomization=choice)
    world = World(rps=50.0, errors={"v1.1.0": 0.3}, policy=replace(POLICY, owners=owners))
    if owner.kind is OwnerKind.ARGO_CD:
        world.cluster.annotate(REF, "argocd.argoproj.io/tracking-id", f"heat:apps/Deployment:{REF}")
    else:
        world.cluster.label(REF, f"{GROUP}/name", owner.name)
        world.cluster.label(REF, f"{GROUP}/namespace", owner.namespace)
    world.owners.add(owner, REF, f"{IMAGE}:v1.0.0", interval=interval)
    world.settled()
    world.owners.add(owner, REF, f"{IMAGE}:v1.1.0", interval=interval)
    return world


def acts(case: Case) -> list[tuple[str, EffectOutcome | None]]:
    """The steps that change something."""
    return [(e.kind, e.outcome) for e in case.status.effects if e.is_step and STEPS[e.kind].acts]


def rollbacks(world: World) -> int:
    return sum(kind == "rollback" for case in world.store.cases() for kind, _ in acts(case))


@pytest.mark.parametrize(
    ("owner", "name", "command"),
    [
        (FLUX, "Flux Kustomization flux-system/apps", "flux suspend kustomization apps -n flux-system"),
        (ARGO, "Argo CD Application heat", "argocd app set heat --sync-policy none"),
    ],
    ids=["flux", "argo cd"],
)
def test_what_heals_by_itself_is_not_fought_but_named_with_the_commands_that_work(
    owner: Owner, name: str, command: str
) -> None:
    world = owned(owner)
    case = world.run_until(Phase.HELD, within=200)
    assert name in case.status.reason
    assert rollbacks(world) == 0
    assert world.tag() == "v1.1.0"
    lines = runbook(case, world.policy)
    assert any(command in line.commands for line in lines)
    assert f"Owned by: {name}" in message(case, world.policy, world.clock.now())
    assert command in message(case, world.policy, world.clock.now())


def test_an_approval_returns_by_the_deployment_alone_and_says_what_that_leaves() -> None:
    world = owned(interval=10_000.0)
    case = world.run_until(Phase.HELD, within=200)
    world.instruct(case, "approve")
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert acts(case) == [("rollback", EffectOutcome.DONE)]
    assert any("may put it back" in entry.text for entry in case.status.timeline)


@pytest.mark.parametrize("cooldown", [0.0, 900.0])
def test_what_is_put_back_is_recognised_after_one_round(cooldown: float) -> None:
    world = owned(choice=OwnerChoice.ACT, interval=20.0)
    world.policy = replace(world.policy, cooldown=cooldown)
    world.run_until(Phase.ROLLING_BACK, Phase.VERIFYING, within=200)
    world.run(60)
    case = world.run_until(Phase.HELD, within=300)
    assert "was put back by Flux Kustomization flux-system/apps" in case.status.reason
    assert "kustomize-controller" in case.status.reason
    world.run(600)
    assert rollbacks(world) == 1
    assert not [c for c in world.store.cases() if c.phase is Phase.ROLLED_BACK], "a recovery nobody had"


def test_a_person_who_deploys_the_same_release_again_has_it_judged_again() -> None:
    world = World(rps=50.0, errors={"v1.1.0": 0.3}).settled()
    for _ in range(2):
        world.cluster.set_image(REF, f"{IMAGE}:v1.1.0")
        world.run(5)
        world.run_until(Phase.ROLLED_BACK, within=400)
    assert rollbacks(world) == 2


@pytest.mark.parametrize("owner", [FLUX, ARGO], ids=["flux", "argo cd"])
def test_a_suspended_owner_lets_the_rollback_stand_and_stays_suspended_and_said(owner: Owner) -> None:
    world = owned(owner, OwnerChoice.SUSPEND)
    case = world.run_until(Phase.ROLLED_BACK, within=400)
    assert acts(case) == [("suspend-owner", EffectOutcome.DONE), ("rollback", EffectOutcome.DONE)]
    assert world.tag() == "v1.0.0"
    assert "stays suspended" in case.status.reason
    assert "Suspended: " in message(case, world.policy, world.clock.now())
    world.run(300)
    assert world.tag() == "v1.0.0"
    [state] = world.owners.owners.values()
    assert state.suspended


def test_a_rollback_that_is_refused_leaves_the_owner_as_it_was() -> None:
    world = owned(choice=OwnerChoice.SUSPEND)
    world.run(20)
    world.cluster.pause(REF)
    case = world.run_until(Phase.HELD, within=300)
    assert "is paused" in case.status.reason
    world.run(2)
    case = world.store.get(case.namespace, case.name)
    assert acts(case) == [
        ("suspend-owner", EffectOutcome.DONE),
        ("rollback", EffectOutcome.REFUSED),
        ("resume-owner", EffectOutcome.DONE),
    ]
    [state] = world.owners.owners.values()
    assert not state.suspended


def test_an_owner_that_cannot_be_suspended_holds_the_rollback() -> None:
    world = owned(ARGO, OwnerChoice.SUSPEND)
    [state] = world.owners.owners.values()
    state.made_by = "ApplicationSet fleet"
    case = world.run_until(Phase.HELD, within=300)
    assert "ApplicationSet fleet" in case.status.reason
    assert acts(case) == [
        ("suspend-owner", EffectOutcome.REFUSED),
        ("rollback", EffectOutcome.SUPERSEDED),
    ]
    assert world.tag() == "v1.1.0"


def test_a_resumption_that_is_refused_is_said_and_calls_people() -> None:
    world = owned(choice=OwnerChoice.SUSPEND)
    world.run(20)
    world.cluster.pause(REF)
    world.owners.resuming.fail(Rejected("spec.suspend is immutable"))
    case = world.run_until(Phase.HELD, within=300)
    world.run(2)
    case = world.store.get(case.namespace, case.name)
    assert acts(case)[-1] == ("resume-owner", EffectOutcome.REFUSED)
    assert "stays suspended: spec.suspend is immutable" in case.status.reason
    told = world.sink.deliveries[-1].message
    assert "stays suspended" in told
    assert "Suspended: " in told


def test_what_another_had_suspended_is_not_resumed() -> None:
    world = owned(choice=OwnerChoice.SUSPEND)
    world.run(12)
    [state] = world.owners.owners.values()
    state.suspended = True
    world.cluster.pause(REF)
    case = world.run_until(Phase.HELD, within=300)
    world.run(2)
    case = world.store.get(case.namespace, case.name)
    assert acts(case)[-1] == ("resume-owner", EffectOutcome.DONE)
    assert state.suspended
