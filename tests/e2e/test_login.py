"""Who is let in and who may act, on the real API server: reviews, people's tokens, the policy of admission.

It needs no application and no other story's daemon: cases are written, and nobody acts on them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests
from msgspec.structs import replace

from daemon.adapters.clock import SystemClock
from daemon.adapters.kubernetes.cases import KubeCaseStore
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.deputies import KubeDeputies
from daemon.adapters.kubernetes.people import KubeAccess, whoami
from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.core.case.case import Case, Instruction, Phase
from daemon.core.case.guards.pause import PAUSE
from daemon.core.model import WorkloadRef
from daemon.engine.orders import PeoplesOrders
from daemon.ports import Denied, Identity, Person
from daemon.settings.login import LoginSettings
from daemon.web.entrance import door_of
from tests.chart.rendering import CHART, helm
from tests.contract.real import Waiting, client_of, running
from tests.contract.samples import full_status, instruction, new_case
from tests.e2e.cluster.cluster import Cluster
from tests.unit.web.fakes import FakeIntake, FakeViews, serving

pytestmark = pytest.mark.e2e

HOME = "greenlang-login"
DAEMON, ANNA, BERTA = "rollbackd-story", "anna", "berta"
RIGHTS = {
    DAEMON: ("get,list,create,delete", "rolloutcases.rollbackd.io"),
    f"{DAEMON}-status": ("update", "rolloutcases.rollbackd.io/status"),
    ANNA: ("get,list,patch,create", "rolloutcases.rollbackd.io"),
    f"{ANNA}-status": ("update,patch", "rolloutcases.rollbackd.io/status"),
    BERTA: ("get,list", "rolloutcases.rollbackd.io"),
}
"""Role → verbs and resource; its account is the part before the dash-status. anna has more than is good."""


def account(name: str) -> str:
    return f"system:serviceaccount:{HOME}:{name}"


@dataclass
class Place(Waiting):
    """A namespace with the daemon's account and two people in it; each is a client of the real API server."""

    cluster: Cluster
    admin: KubeClient

    def token(self, name: str) -> str:
        return self.cluster.kubectl("-n", HOME, "create", "token", name).strip()

    @contextmanager
    def store(self, name: str) -> Iterator[KubeCaseStore]:
        client = self.admin.as_person(self.token(name))
        try:
            yield KubeCaseStore(client, namespaces=[HOME], clock=SystemClock(), on_problem=print)
        finally:
            client.close()

    def grant(self, role: str, verbs: str, resource: str) -> None:
        here, who = ("-n", HOME), role.removesuffix("-status").partition(".")[0]
        self.cluster.kubectl(*here, "create", "role", role, f"--verb={verbs}", f"--resource={resource}")
        self.cluster.kubectl(
            *here, "create", "rolebinding", role, f"--role={role}", f"--serviceaccount={HOME}:{who}"
        )


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    cluster = running()
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "crds"))
    cluster.kubectl("delete", "namespace", HOME, "--ignore-not-found", "--wait")
    cluster.kubectl("create", "namespace", HOME)
    with client_of(cluster) as admin:
        made = Place(cluster, admin)
        for name in (DAEMON, ANNA, BERTA):
            cluster.kubectl("-n", HOME, "create", "serviceaccount", name)
        for role, (verbs, resource) in RIGHTS.items():
            made.grant(role, verbs, resource)
        yield made
    cluster.kubectl("delete", "namespace", HOME, "--wait=false")


@pytest.fixture
def case(place: Place) -> Iterator[Case]:
    with place.store(DAEMON) as store:
        created = store.create(new_case(HOME))
        waiting = replace(full_status(), phase=Phase.AWAITING_APPROVAL)
        yield store.save(replace(created, status=waiting))
        store.delete(store.get(HOME, created.name))


@pytest.fixture
def policy(place: Place, case: Case) -> Iterator[None]:
    """The chart's, in force: the API server takes some seconds to know a policy, and to forget it."""
    values = {
        "webhook": {"enabled": False},
        "serviceAccount": {"create": False, "name": DAEMON},
        "config": {"workloads": [{"namespace": HOME, "name": "cart", "signals": []}]},
        "admissionPolicy": {"enabled": True},
    }
    given = [f"--set-json={key}={json.dumps(value)}" for key, value in values.items()]
    only = ("--show-only", "templates/admission-policy.yaml")
    text = helm("template", "login-story", str(CHART), "--namespace", HOME, *only, *given)
    place.cluster.apply(text)
    named = instructed(case, account(ANNA))
    with place.store(DAEMON) as daemon:
        try:
            place.until("the policy is in force", lambda: daemon.vouched(named))
            yield
        finally:
            place.cluster.kubectl("delete", "-f", "-", input=text)
            place.until("the policy is gone", lambda: not daemon.vouched(named))


def instructed(case: Case, by: str) -> Case:
    return replace(case, spec=replace(case.spec, instruction=instruction(by)))


def test_without_the_policy_nobody_vouches_for_a_name(place: Place, case: Case) -> None:
    with place.store(ANNA) as anna, place.store(DAEMON) as daemon:
        written = anna.instruct(instructed(case, BERTA))
        assert not daemon.vouched(written)
        assert [found.name for found in daemon.cases()] == [case.name], "trying it out leaves nothing behind"


@pytest.mark.usefixtures("policy")
def test_an_instruction_is_in_its_authors_name(place: Place, case: Case) -> None:
    with place.store(ANNA) as anna, place.store(DAEMON) as daemon:
        with pytest.raises(Denied, match=f"spec.instruction.by is {BERTA}, and the request is of .*:{ANNA}"):
            anna.instruct(instructed(case, BERTA))
        forged = instructed(new_case(HOME, 3), BERTA)
        with pytest.raises(Denied, match=f"by is {BERTA}"):
            anna.create(forged)
        written = anna.instruct(instructed(case, account(ANNA)))
        assert daemon.vouched(written)
        saved = daemon.save(written)
        assert saved.spec.instruction == written.spec.instruction, (
            "the daemon goes on with what was instructed"
        )
        label = ("label", "rolloutcase", case.name, "seen=yes", "-n", HOME)
        place.cluster.kubectl(*label)


@pytest.mark.usefixtures("policy")
def test_only_the_daemon_writes_what_it_knows(place: Place, case: Case) -> None:
    said = f"is written by .*:{DAEMON} alone, and the request is of .*:{ANNA}"
    with place.store(ANNA) as anna, pytest.raises(Denied, match=said):
        anna.save(replace(case, status=replace(case.status, phase=Phase.HEALTHY)))
    with place.store(DAEMON) as daemon:
        assert daemon.get(HOME, case.name).phase is Phase.AWAITING_APPROVAL
        assert daemon.save(replace(case, status=full_status())).phase is Phase.VERIFYING


@pytest.mark.usefixtures("policy")
def test_a_person_acts_at_the_api_with_their_own_token(place: Place, case: Case) -> None:
    clock, settings = SystemClock(), LoginSettings()
    views = FakeViews()
    with place.store(DAEMON) as store:
        views.now_cases = store.cases()
        # The client whose rights the daemon would have is not the one that writes.
        deputies = KubeDeputies(place.admin, [HOME], clock)
        orders = PeoplesOrders(cluster=MemoryCluster(clock), store=store, deputies=deputies, clock=clock)
        door = door_of(settings, KubeAccess(place.admin), clock)
        with serving(FakeIntake(), views, door=door, orders=orders, namespaces=(HOME,)) as server:
            url = f"http://127.0.0.1:{server.port}/api/cases/{HOME}/{case.name}"

            def ask(method: str, path: str, name: str) -> requests.Response:
                headers = {"Authorization": f"Bearer {place.token(name)}"}
                return requests.request(method, url + path, json={}, headers=headers, timeout=20)

            assert ask("GET", "", BERTA).json()["actions"] == []
            refused = ask("POST", "/hold", BERTA)
            assert refused.status_code == 403
            assert f"{account(BERTA)} may not patch rolloutcases" in refused.json()["error"]
            assert ask("GET", "", ANNA).json()["actions"] == ["approve", "hold"]
            assert ask("POST", "/hold", ANNA).json()["by"] == account(ANNA)
        written = store.get(HOME, case.name).spec.instruction
        assert isinstance(written, Instruction)
        assert (written.action, written.by) == ("hold", account(ANNA))


def test_a_persons_hands_are_the_persons(place: Place) -> None:
    """Not those of whatever certificate or token the daemon's own client has."""
    kubectl, ref = place.cluster.kubectl, WorkloadRef(namespace=HOME, name="cart")
    kubectl("-n", HOME, "create", "deployment", ref.name, "--image=none", "--replicas=0")
    anna = Identity(Person(name=account(ANNA)), place.token(ANNA))
    client = place.admin.as_person(anna.token or "")
    assert whoami(client) == account(ANNA)
    client.close()
    with KubeDeputies(place.admin, [HOME], SystemClock()).of(anna) as hands:
        with pytest.raises(Denied, match=ANNA):
            hands.pauses.pause(ref, "true")
        place.grant(f"{ANNA}.deployments", "get,patch", "deployments.apps")

        def paused() -> bool:
            try:
                hands.pauses.pause(ref, "true")
            except Denied:
                return False
            return True

        place.until("the right counts", paused)
        shown = kubectl("-n", HOME, "get", "deployment", ref.name, "-o", "json")
        assert json.loads(shown)["metadata"]["annotations"][PAUSE] == "true"
        hands.pauses.pause(ref, None)
        shown = kubectl("-n", HOME, "get", "deployment", ref.name, "-o", "json")
        assert PAUSE not in json.loads(shown)["metadata"]["annotations"]
