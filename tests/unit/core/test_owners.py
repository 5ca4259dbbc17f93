"""Whose mark is whose: one tool's alone names an owner, several tools' is a doubt, and none is nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.case.owner_policy import owner_refusal, suspended_first
from daemon.core.model import Provenance, RolloutStatus, Workload, WorkloadRef, Writer
from daemon.core.policy import OwnerChoice, OwnerKind, OwnerPolicy
from daemon.core.rollout_facts.owners import Owner, Ownership, last_writer, ownership

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TRACKED = "argocd.argoproj.io/tracking-id"
FLUX = "kustomize.toolkit.fluxcd.io"
HELM = "helm.toolkit.fluxcd.io"
RELEASE = {"meta.helm.sh/release-name": "cart", "meta.helm.sh/release-namespace": "shop"}
APPLIED = {"kubectl.kubernetes.io/last-applied-configuration": ""}
INSTANCE = {"app.kubernetes.io/instance": "web"}
FLUX_LABELS = {f"{FLUX}/name": "apps", f"{FLUX}/namespace": "flux-system"}


def seen(
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    *writers: Writer,
    controller: str = "",
) -> Workload:
    return Workload(
        ref=WorkloadRef(namespace="shop", name="cart"),
        uid="d-1",
        resource_version="1",
        created_at=NOW,
        labels=labels or {},
        current=None,
        revisions=(),
        pods=(),
        status=RolloutStatus(
            generation=1, observed_generation=1, desired=1, replicas=1, updated=1, available=1
        ),
        provenance=Provenance(annotations=annotations or {}, writers=writers, controller=controller),
    )


def wrote(name: str, seconds: float = 0.0) -> Writer:
    return Writer(name=name, at=NOW + timedelta(seconds=seconds), template=True)


@pytest.mark.parametrize(
    ("workload", "kind", "place"),
    [
        (seen({}, {TRACKED: "web:apps/Deployment:shop/cart"}), OwnerKind.ARGO_CD, "web"),
        (seen({}, {TRACKED: "team_web:apps/Deployment:shop/cart"}), OwnerKind.ARGO_CD, "team/web"),
        (seen(INSTANCE, APPLIED, wrote("argocd-controller")), OwnerKind.ARGO_CD, "web"),
        (seen(FLUX_LABELS, APPLIED), OwnerKind.FLUX_KUSTOMIZATION, "flux-system/apps"),
        (seen({}, {}, wrote("kustomize-controller")), OwnerKind.FLUX_KUSTOMIZATION, ""),
        (
            seen({f"{HELM}/name": "cart", f"{HELM}/namespace": "shop"}, RELEASE),
            OwnerKind.FLUX_HELM_RELEASE,
            "shop/cart",
        ),
        (seen({"app.kubernetes.io/managed-by": "Helm"}, RELEASE), OwnerKind.HELM, "shop/cart"),
        (seen({}, APPLIED), OwnerKind.KUBECTL, ""),
        (seen({}, {}, wrote("kubectl")), OwnerKind.KUBECTL, ""),
        (seen(controller="Service/cart"), OwnerKind.CONTROLLER, "Service/cart"),
    ],
)  # fmt: skip
def test_one_tools_own_mark_names_it_and_whom_it_works_through_is_not_named_beside_it(
    workload: Workload, kind: OwnerKind, place: str
) -> None:
    [owner] = ownership(workload).owners
    assert (owner.kind, owner.place) == (kind, place)
    assert owner.evidence


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        (seen({"app.kubernetes.io/instance": "web"}), "may be Argo CD's"),
        (seen({"app.kubernetes.io/managed-by": "Helm"}), "however they are applied"),
        (seen({}, {TRACKED: "web:apps/Deployment:other/cart"}), "names another object"),
    ],
)
def test_a_mark_of_several_tools_is_a_doubt_and_names_nobody(workload: Workload, said: str) -> None:
    found = ownership(workload)
    assert not found.owners
    assert said in "; ".join(found.doubts)


@pytest.mark.parametrize(
    ("labels", "annotations", "alone"),
    [
        ({}, {f"{FLUX}/reconcile": "disabled"}, True),
        ({}, {f"{FLUX}/reconcile": "Disabled"}, True),
        ({f"{FLUX}/reconcile": "disabled"}, {}, True),
        ({}, {f"{FLUX}/ssa": "Ignore"}, True),
        ({}, {f"{FLUX}/reconcile": "enabled"}, False),
        ({}, {f"{FLUX}/ssa": "Merge"}, False),
        # Goes by what Git says, which the object does not tell.
        ({}, {f"{FLUX}/ssa": "IfNotPresent"}, False),
    ],
)
def test_an_object_that_flux_was_told_to_leave_alone_is_not_its_own(
    labels: dict[str, str], annotations: dict[str, str], alone: bool
) -> None:
    found = ownership(seen({**FLUX_LABELS, **labels}, annotations))
    assert bool(found.owners) is not alone
    assert any("leaves it alone" in doubt for doubt in found.doubts) is alone


def test_no_marks_are_nobody() -> None:
    assert ownership(seen({"app": "cart"}, {}, wrote("kubectl-edit"), wrote("rollbackd"))) == Ownership()


def test_an_autoscaler_owns_replicas_and_nothing_else() -> None:
    found = ownership(seen({}, {}, Writer(name="kube-controller-manager", replicas=True, scaled=True)))
    assert found == Ownership(scaled_by="a HorizontalPodAutoscaler")


WRITERS = st.lists(
    st.builds(
        Writer,
        name=st.sampled_from(["rollbackd", "kustomize-controller", "kubectl-edit", "helm"]),
        at=st.none() | st.integers(0, 9).map(lambda seconds: NOW + timedelta(seconds=seconds)),
        template=st.booleans(),
    ),
    max_size=5,
)


@given(WRITERS)
def test_the_last_writer_is_whoever_changed_the_template_last_besides_the_daemon(
    writers: list[Writer],
) -> None:
    found = last_writer(seen({}, {}, *writers))
    others = [w for w in writers if w.template and w.name != "rollbackd"]
    assert bool(found) is bool(others)
    times = [w.at for w in others if w.at is not None]
    if times:
        assert found in {w.name for w in others if w.at == max(times)}


OWNERS = st.builds(
    Owner, kind=st.sampled_from(OwnerKind), name=st.sampled_from(["", "a", "b"]), namespace=st.just("n")
)
OWNERSHIPS = st.lists(OWNERS, max_size=3, unique_by=lambda o: (o.kind, o.name)).map(
    lambda found: Ownership(owners=tuple(found))
)
POLICIES = st.builds(OwnerPolicy, **dict.fromkeys(OwnerPolicy.CHOICES, st.sampled_from(OwnerChoice)))


@given(OWNERSHIPS, POLICIES)
def test_whoever_must_be_asked_or_suspended_is_never_acted_upon_alone(
    found: Ownership, policy: OwnerPolicy
) -> None:
    strict = [owner for owner in found.owners if policy.choice(owner.kind) is not OwnerChoice.ACT]
    suspended = suspended_first(found, policy)
    if owner_refusal(found, policy):
        assert strict
    elif strict:
        assert suspended is not None
        assert [owner.kind for owner in strict] == [suspended.kind]


def test_two_owners_that_may_put_the_release_back_are_not_guessed_at() -> None:
    both = ownership(seen(FLUX_LABELS, {TRACKED: "web:apps/Deployment:shop/cart"}))
    why = owner_refusal(both, OwnerPolicy(argocd=OwnerChoice.SUSPEND))
    assert "Argo CD Application web" in why
    assert "Flux Kustomization flux-system/apps" in why
    assert "cannot be told" in why


def test_an_application_is_sought_where_argo_cd_keeps_its_own() -> None:
    found = ownership(seen({}, {TRACKED: "web:apps/Deployment:shop/cart"}))
    owner = suspended_first(found, OwnerPolicy(argocd=OwnerChoice.SUSPEND, argocd_namespace="gitops"))
    assert owner is not None
    assert owner.place == "gitops/web"
