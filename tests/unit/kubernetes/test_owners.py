"""What others left on an owner: it is compared, and where it makes no sense nothing is made up of it."""

from __future__ import annotations

import pytest

from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.owners import AUTOMATED, SUSPENDED, KubeOwnerSwitch
from daemon.adapters.kubernetes.resources import APPLICATIONS
from daemon.core.case.effect import EffectOutcome
from daemon.core.policy import OwnerKind
from daemon.core.rollout_facts.owners import Owner
from tests.unit.kubernetes.fake_api import FakeApi

OWNER = Owner(kind=OwnerKind.ARGO_CD, name="web", namespace="argocd")
PATH = APPLICATIONS.path("argocd", "web")
DEEP = "[" * 50_000 + "]" * 50_000


@pytest.mark.parametrize("before", ["", "{", "3", "null", f'{{"a": {DEEP}}}'])
def test_a_sync_policy_that_was_edited_is_left_to_a_person(
    api: FakeApi, client: KubeClient, before: str
) -> None:
    marks = {SUSPENDED: "token", AUTOMATED: before}
    metadata = {"name": "web", "namespace": "argocd", "uid": "u", "annotations": marks}
    api.put(PATH, {"metadata": metadata, "spec": {}})
    result = KubeOwnerSwitch(client).resume(OWNER, "token")
    assert result.outcome is EffectOutcome.REFUSED
    assert "by hand" in result.detail
    assert not api.writes()
