"""The settings of the checks before a rollback, of feature flags and of the ingress, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.core.model import WorkloadRef
from daemon.core.policy import GateChoice, Policy
from daemon.core.runs import FeatureFlag, HttpCall, Ingress, PodCommand
from daemon.settings import SettingsError, load

CART = "workloads:\n  - namespace: shop\n    name: cart\n    signals: []\n"
FLAG = "feature_flags:\n  - {name: solver, http: {url: 'http://flags/x', method: PUT}}\n"


def policy(tmp_path: Path, text: str) -> Policy:
    file = tmp_path / "rollbackd.yaml"
    file.write_text(text)
    return load(file).policy_for(WorkloadRef(namespace="shop", name="cart"), {})


def test_left_out_there_are_checks_and_a_restart_and_nothing_else(tmp_path: Path) -> None:
    found = policy(tmp_path, CART)
    assert (found.gates, found.restart_stuck) == (GateChoice.HOLD, True)
    assert (found.ingress, found.feature_flags) == (None, ())


def test_a_workload_may_have_others_than_the_policy(tmp_path: Path) -> None:
    found = policy(tmp_path, CART + "    gates: strict\npolicy: {gates: skip, restart_stuck: false}\n")
    assert (found.gates, found.restart_stuck) == (GateChoice.STRICT, False)


@pytest.mark.parametrize(
    ("chosen", "names"),
    [("", ["solver"]), ("    feature_flags: []\n", []), ("    feature_flags: [solver]\n", ["solver"])],
)
def test_flags_are_all_of_them_or_those_that_are_named(tmp_path: Path, chosen: str, names: list[str]) -> None:
    assert [flag.name for flag in policy(tmp_path, CART + chosen + FLAG).feature_flags] == names


def test_a_flag_has_the_forms_of_a_smoke_test_and_a_shorter_timeout(tmp_path: Path) -> None:
    more = "  - {name: two, exec: {command: [flag, off], pod: flags-0}, timeout: 20s}\n"
    assert policy(tmp_path, CART + FLAG + more).feature_flags == (
        FeatureFlag(name="solver", task=HttpCall(url="http://flags/x", method="PUT"), timeout=5.0),
        FeatureFlag(name="two", task=PodCommand(command=("flag", "off"), pod="flags-0"), timeout=20.0),
    )


def test_an_ingress_has_an_address_a_status_and_headers(tmp_path: Path) -> None:
    text = CART + "    ingress: {url: 'https://lb/{workload}', status: 204, headers: {Host: cart.example}}\n"
    call = HttpCall(url="https://lb/{workload}", status=204, headers=(("Host", "cart.example"),))
    assert policy(tmp_path, text).ingress == Ingress(call=call, timeout=5.0)


BAD = [
    # text after the workload, field, words of the message, words of the remedy
    ("    gates: off\n", "workloads[0].gates", "not one of hold, strict, skip", "write one of"),
    ("    ingress: {url: 'ftp://x'}\n", "workloads[0].ingress.url", "not an HTTP address", "write it as"),
    (
        "    ingress: {url: 'http://{pod}/'}\n",
        "workloads[0].ingress.url",
        "not a pod's address",
        "health.paths",
    ),
    ("    ingress: {url: 'http://u:p@x/'}\n", "workloads[0].ingress.url", "password", "take it out"),
    ("    ingress: {url: 'http://x/', status: 20}\n", "workloads[0].ingress.status", "100", ""),
    ("    ingress: {}\n", "workloads[0].ingress.url", "missing", ""),
    (
        "    ingress: {url: 'http://x/', headers: {'a b': c}}\n",
        "workloads[0].ingress.headers",
        "cannot be sent as a header",
        "such as Host",
    ),
    (
        "    ingress: {url: 'http://x/', headers: {Host: \"a\\r\\nb\"}}\n",
        "workloads[0].ingress.headers",
        "cannot be sent",
        "one line",
    ),
    ("    feature_flags: [solvr]\n" + FLAG, "workloads[0].feature_flags[0]", "has no 'solvr'", "solver"),
    (
        "feature_flags: [{name: solver}]\n",
        "feature_flags[0]",
        "a feature flag is one of http, job and exec",
        "exactly one",
    ),
    (
        FLAG + FLAG.partition("\n")[2],
        "feature_flags[1].name",
        "has the name 'solver' already",
        "another name",
    ),
    (FLAG.replace("}}", "}, timeout: 5m}"), "feature_flags[0].timeout", "60", ""),
]


@pytest.mark.parametrize(("text", "field", "said", "remedy"), BAD)
def test_what_is_wrong_is_named_with_its_remedy(
    tmp_path: Path, text: str, field: str, said: str, remedy: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        policy(tmp_path, CART + text)
    [problem] = [one for one in caught.value.problems if one.field == field]
    assert said in problem.message + problem.remedy
    assert remedy in problem.remedy
