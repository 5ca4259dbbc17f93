"""``rollbackd check-config``: what the settings say, what is wrong with them, and what is found live."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from daemon.adapters.kubernetes.permissions import Permission
from daemon.adapters.live_check import Notice
from daemon.ports import Rejected, Unavailable
from daemon.settings import example_file
from tests.unit.cli.conftest import FakeParts, Rollbackd, answer


class TestSettings:
    def test_all_problems_are_told_each_in_a_line(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.config.write_text("workloads: []\nlog: {level: loud}\n")

        result = rollbackd("check-config")

        lines = result.stderr.splitlines()
        assert result.exit_code == 2
        assert len(lines) == 2
        assert all(line.startswith("error: ") for line in lines)
        assert "log.level" in result.stderr
        assert rollbackd("status").exit_code == 2

    def test_programs_get_the_problems_too(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.config.write_text("workloads: []\n")

        found = answer(rollbackd("check-config", "-o", "json"))

        assert found["ok"] is False
        assert found["problems"][0]["field"] == "workloads"

    def test_good_settings_are_summed_up(self, rollbackd: Rollbackd) -> None:
        result = rollbackd("check-config")

        assert result.exit_code == 0
        for word in ("furnaces", "approval", "gl-006-heatreclaim", "5 %", "10 min", "log, events", "off"):
            assert word in result.stdout

    def test_the_shards_are_shown_with_their_namespaces(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        with parts.config.open("a") as config:
            config.write("election: {shards: 8}\n")

        result = rollbackd("check-config")
        found = answer(rollbackd("check-config", "-o", "json"))["shards"]

        assert result.exit_code == 0
        assert "7 of 8 shards have no namespace: election.shards may be lower." in result.stdout
        assert sorted(namespace for own in found for namespace in own) == ["furnaces", "greenlang"]

    ASKED: Mapping[str, Any] = {
        "workloads": [
            {
                "namespace": "shop",
                "name": "cart",
                "mode": "advise",
                "signals": [{"name": "slow", "limit": 0.02}],
            },
            {"namespace": "shop", "selector": "tier=web", "health_paths": [":81/live"], "neighbours": []},
            {
                "namespace": "shop",
                "name": "idle",
                "signals": [],
                "dependencies": [],
                "health_paths": [],
                "smoke_tests": [],
            },
        ],
        "signals": [
            {"name": "bad", "bad": "failed_total", "total": "asked_total", "limit": 0.05},
            {"name": "slow", "histogram": 'took{a="b"}', "slower_than": "300ms", "limit": 0.01},
        ],
        "dependencies": [{"name": "mail", "query": "mail_up", "scope": "cluster"}],
        "neighbours": [{"name": "database", "selector": "app=db"}],
        "smoke_tests": [
            {"name": "page", "http": {"url": "http://{pod}:80/smoke"}},
            {"name": "plan", "job": {"command": ["smoke", "-v"]}, "timeout": 5},
        ],
        "health": {"port": 8080, "paths": ["/up"]},
        "prometheus": {"url": "http://metrics:9"},
        "incidents": {"sinks": ["log"]},
    }

    def test_what_is_asked_where_is_shown_for_each_workload(
        self, rollbackd: Rollbackd, parts: FakeParts
    ) -> None:
        parts.config.write_text(json.dumps(self.ASKED))

        blocks = [" ".join(b.split()) for b in rollbackd("check-config").stdout.split("\n\n")]
        found = answer(rollbackd("check-config", "-o", "json"))["workloads"]

        wanted = {
            "shop/cart: advise": [
                *("http://metrics:9", 'took{a="b"}, slower than 0.3 s', "limit 2 %", "mail_up", "app=db"),
                *(":8080/up", "log", "http: GET http://{pod}:80/smoke", "job: smoke -v"),
            ],
            "shop/(all with tier=web): automatic": ["failed_total", "asked_total", ":81/live", "mail_up"],
            "shop/idle: automatic": ["by its pods alone", "dependencies none", "endpoints none"],
        }
        for heading, words in wanted.items():
            (block,) = [block for block in blocks if block.startswith(heading)]
            assert [word for word in words if word not in block] == []
        assert [len(each["signals"]) for each in found] == [1, 2, 0]
        cart, web, idle = found
        assert cart["signals"][0] == {
            "name": "slow",
            "title": "slow",
            "limit": 0.02,
            "baseline": "compare",
            "warmupSeconds": 0.0,
            "histogram": 'took{a="b"}',
            "slowerThanSeconds": 0.3,
        }
        assert (web["signals"][0]["bad"], web["signals"][0]["total"]) == ("failed_total", "asked_total")
        assert [each["health"] for each in found] == [
            [{"port": 8080, "path": "/up"}],
            [{"port": 81, "path": "/live"}],
            [],
        ]
        assert cart["dependencies"] == [{"name": "mail", "query": "mail_up", "scope": "cluster"}]
        assert [len(each["dependencies"]) for each in found] == [1, 1, 0]
        assert [len(each["neighbours"]) for each in found] == [1, 0, 1]
        assert [len(each["smokeTests"]) for each in found] == [2, 2, 0]
        assert {(each["prometheus"], *each["sinks"]) for each in found} == {("http://metrics:9", "log")}
        assert (cart["mode"], idle["mode"], idle["watchSeconds"]) == ("advise", "automatic", 600)

    def test_where_no_health_endpoint_is_named_the_pods_own_probes_are_asked(
        self, rollbackd: Rollbackd, parts: FakeParts
    ) -> None:
        parts.config.write_text("workloads: [{namespace: a, name: b, signals: []}]")
        assert "the pods' own HTTP probes" in rollbackd("check-config").stdout
        (found,) = answer(rollbackd("check-config", "-o", "json"))["workloads"]
        assert found["health"] is None

    def test_workloads_of_one_answer_share_a_block(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.config.write_text(
            "workloads: [{namespace: a, name: b, signals: []}, {namespace: c, name: d, signals: []}]"
        )

        assert "a/b, c/d: automatic, watched for 10 min" in rollbackd("check-config").stdout

    @pytest.mark.parametrize("name", ["run", "check-config"])
    def test_without_a_settings_file_an_example_is_named(
        self, rollbackd: Rollbackd, parts: FakeParts, name: str
    ) -> None:
        parts.config.unlink()

        result = rollbackd(name)

        assert result.exit_code == 2
        assert "there is no settings file" in result.stderr
        assert "write one by rollbackd init" in result.stderr
        assert f"{example_file()} is an example" in result.stderr
        assert parts.asked("run") == []

    def test_the_file_is_the_options_then_the_environments(
        self, rollbackd: Rollbackd, parts: FakeParts, tmp_path: Path
    ) -> None:
        one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
        for path in (one, two):
            path.write_text("workloads: [{namespace: a, name: b, signals: []}]")
        env = {"ROLLBACKD_CONFIG": str(two)}

        assert answer(rollbackd("check-config", "-o", "json"))["file"] == str(parts.config)
        assert answer(rollbackd("check-config", "-o", "json", env=env))["file"] == str(two)
        for arguments in (["-c", str(one), "check-config"], ["check-config", "-c", str(one)]):
            assert answer(rollbackd(*arguments, "-o", "json", env=env))["file"] == str(one)

    def test_places_are_searched_in_order(
        self, rollbackd: Rollbackd, parts: FakeParts, tmp_path: Path
    ) -> None:
        here = tmp_path / "here.yaml"
        here.write_text("workloads: [{namespace: a, name: b, signals: []}]")
        parts.config_places = (tmp_path / "absent.yaml", here)

        assert answer(rollbackd("check-config", "-o", "json"))["file"] == str(here)


class TestLive:
    GOOD = Notice(level="ok", field="prometheus.url", message="it answers")
    MAY = Permission(verb="get", resource="pods", namespace="greenlang", allowed=True)

    def test_all_well(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.found, parts.permitted = (self.GOOD,), [self.MAY]

        result = rollbackd("check-config", "--live")

        assert result.exit_code == 0
        assert "it answers" in result.stdout
        assert "All live checks passed" in result.stdout

    def test_a_query_without_an_answer(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        bad = Notice(level="error", field="signals[0].bad", message="no series", remedy="correct the labels")
        parts.found = (self.GOOD, bad)

        result = rollbackd("check-config", "--live")

        assert result.exit_code == 1
        assert "no series; correct the labels" in result.stdout

    def test_a_right_that_is_missing(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        denied = Permission(verb="patch", resource="deployments.apps", namespace="greenlang", allowed=False)
        parts.permitted = [self.MAY, denied]

        result = rollbackd("check-config", "--live")
        found = answer(rollbackd("check-config", "--live", "-o", "json"))

        assert result.exit_code == 1
        assert [line.split() for line in result.stdout.splitlines() if "patch" in line] == [
            ["no", "greenlang", "deployments.apps", "patch"]
        ]
        assert (found["ok"], found["permissions"][1]["allowed"]) == (False, False)

    def test_a_right_that_the_daemon_can_do_without(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        nodes = Permission(verb="get", resource="nodes", namespace="", allowed=False, optional=True)
        parts.found, parts.permitted = (self.GOOD,), [self.MAY, nodes]

        result = rollbackd("check-config", "--live")

        assert result.exit_code == 0
        assert any(line.split() == ["no", "nodes", "get"] for line in result.stdout.splitlines())

    def test_an_old_definition_is_told_with_its_remedy(self, rollbackd: Rollbackd, parts: FakeParts) -> None:
        parts.defined = "it is older than this daemon; apply the one of this version"

        result = rollbackd("check-config", "--live")

        assert result.exit_code == 1
        assert "apply the one of this version" in result.stdout
        assert answer(rollbackd("check-config", "--live", "-o", "json"))["definition"] == parts.defined

    @pytest.mark.parametrize("trouble", [Unavailable("it is down"), Rejected("no kubeconfig")])
    def test_a_cluster_that_cannot_be_asked(
        self, rollbackd: Rollbackd, parts: FakeParts, trouble: Unavailable | Rejected
    ) -> None:
        parts.found, parts.permitted = (self.GOOD,), trouble

        result = rollbackd("check-config", "--live")

        assert result.exit_code == 1
        assert f"The API server: {trouble}" in result.stdout
        assert "it answers" in result.stdout, "what Prometheus says is told all the same"
