"""The cluster, the daemon in it, and a namespace for each story, all made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from tests.e2e import daemon as daemons
from tests.e2e import guard_stories, runbook_stories
from tests.e2e.app.build import load_app
from tests.e2e.app.manifests import NAME, Gl006
from tests.e2e.cluster import lifecycle
from tests.e2e.cluster.binaries import MissingTool
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.daemon import TOKEN, Daemon
from tests.e2e.database import build as database
from tests.e2e.database.manifests import URL, migration
from tests.e2e.sentry import LocalSentry
from tests.e2e.stage import Stage, wait_for
from tests.example import application

BEGAN = pytest.StashKey[datetime]()
"""When this run began."""
LAST = "test_rights_used.py"
WATCH = 40.0
WARMUP = 5.0
ALERT = "Gl006ValidationFailures"
BUSY = 40.0
"""Requests a second and pod that leave nothing to chance. In the few of a quiet pod a release that fails may
look well at first, just while the last old pods go, and is then rightly held."""
STORIES: dict[str, dict[str, Any]] = {
    "healthy": {},
    "errors": {"replicas": 3, "load_rps": BUSY},
    "slow": {"load_rps": BUSY},
    "crash": {},
    "oom": {},
    "missing": {},
    "unready": {"progress_deadline_seconds": 20},
    "config": {},
    "alert": {},
    "superseded": {},
    "killed": {"load_rps": BUSY},
    "outage": {},
    "deleted": {},
    "idle": {"load_rps": 0.0},
    "frozen": {"load_rps": BUSY},
    "kept": {"replicas": 1, "base_error_rate": 0.0},
}
FACTS: dict[str, dict[str, Any]] = {
    # Its pods take half of the usual deadline by themselves.
    "scaled": {"ready_delay": 33, "startup_probe": False, "progress_deadline_seconds": 600},
    "veteran": {},
    "evicted": {},
    "stale": {"replicas": 1, "progress_deadline_seconds": 20},
    "quota": {"progress_deadline_seconds": 20},
    "late": {"progress_deadline_seconds": 600},
    "rewritten": {},
    "changed": {},
    "restored": {},
    "crashing": {},
}
"""Stories that take minutes of waiting and little else: they are played side by side."""
_WITH_DATABASE: dict[str, Any] = {
    "repository": database.REPOSITORY,
    "environment": {"DATABASE_URL": URL},
    "memory_limit": "192Mi",
}
DATABASES = {"downgraded": "allowed", "migrated": "forbidden"}
"""Stories of a release that migrates its database, and whether that may be taken back."""
IN_PLACE: dict[str, dict[str, Any]] = {
    "edited": {"tag": "v1.0.0-rereads", "load_rps": BUSY, "base_error_rate": 0.0},
    "undecided": {"tag": "v1.0.0-rereads", "load_rps": BUSY},
    "unread": {"mounted": False},
}
"""Stories of a ConfigMap that is edited with no rollout."""
STORIES |= FACTS | IN_PLACE | runbook_stories.STORIES | guard_stories.STORIES
STORIES |= dict.fromkeys(DATABASES, _WITH_DATABASE)
WORKLOADS = {**runbook_stories.WORKLOADS, **guard_stories.WORKLOADS}
OWNED: dict[str, dict[str, Any]] = {"owned": {}, "fought": {}, "suspended": {}}
"""Stories of Deployments that somebody else owns."""
STORIES |= OWNED
OWNER = {"fought": "act", "suspended": "suspend"}
"""What their policy makes of the owner, where it is another than the default."""
POLICY: dict[str, dict[str, Any]] = {
    "rewritten": {"configuration": "ignore"},
    "crashing": {"configuration": "ignore"},
    "restored": {"configuration": "restore"},
    "edited": {"configuration": "restore"},
    "kept": {"configuration": "restore", "keep": 2},
}
"""The policy of stories that have another than the default."""


def defaults(story: str) -> dict[str, Any]:
    return {
        "namespace": f"greenlang-{story}",
        "replicas": 2,
        "load_rps": 5.0 if story in FACTS | OWNED else 10.0,
    }


def settings(cluster: Cluster) -> dict[str, Any]:
    """The daemon's settings file: the shipped example's application, hurried for tests."""
    return application() | {
        "workloads": [
            {
                "namespace": f"greenlang-{story}",
                "name": NAME,
                "title": "GL-006",
                "contact": "#incident-gl006",
                "signals": ["errors", {"name": "latency", "warmup": WARMUP}],
                **POLICY.get(story, {}),
                **({"migration": story} if story in DATABASES else {}),
                **WORKLOADS.get(story, {"smoke_tests": []}),
                **({"owner": OWNER[story]} if story in OWNER else {}),
            }
            for story in STORIES
        ],
        "migrations": [migration(story, downgrade) for story, downgrade in DATABASES.items()],
        "policy": {
            "watch": WATCH,
            "baseline_window": 180,
            "stale_after": 15,
            "verify_deadline": 90,
            "decisive_alerts": [ALERT],
        },
        "smoke_tests": runbook_stories.SMOKE_TESTS,
        "owners": {"namespaces": ["greenlang-suspended"]},
        "prometheus": {"url": cluster.prometheus_url, "poll": 1},
        "log": {"format": "json"},
    }


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What reads the whole run's record comes when everything else is over."""
    config.stash[BEGAN] = datetime.now(UTC)
    items.sort(key=lambda item: item.path.name == LAST)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    try:
        found = lifecycle.up(scrape_interval=2.0)
    except MissingTool as problem:
        pytest.exit(f"e2e: {problem}", returncode=3)
    load_app(found)
    database.load(found)
    # helm installs it with the chart; the daemon as a process needs it as well.
    found.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(daemons.CHART / "crds"))
    return found


@pytest.fixture(scope="session")
def sentry(cluster: Cluster) -> Iterator[LocalSentry]:
    server = LocalSentry(cluster.host_address)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def stages(cluster: Cluster) -> Iterator[dict[str, Stage]]:
    """Every story's namespace with a healthy release in it, running long enough to have a past."""
    made = {
        story: Stage(
            cluster,
            f"greenlang-{story}",
            Gl006(**(defaults(story) | chosen)),
        )
        for story, chosen in STORIES.items()
    }
    names = [stage.namespace for stage in made.values()]
    cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait", *names)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Stage.set_up, made.values()))
    for stage in made.values():
        stage.wait_running()
    yield made
    cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", *names)


def has_past(stage: Stage) -> bool:
    """Whether the healthy release was scraped for long enough to compare with."""
    return (stage.query("sum(gl006_http_requests_total{$NS})") or 0) > 300


@pytest.fixture(scope="session")
def daemon(
    cluster: Cluster,
    stages: dict[str, Stage],
    sentry: LocalSentry,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Daemon]:
    made = daemons.make(cluster, tmp_path_factory.mktemp("daemon"), settings(cluster), sentry.dsn)
    made.start()
    cluster.route_alerts_to(f"{made.url}/webhooks/alertmanager", TOKEN)
    for stage in stages.values():
        stage.wait_adopted()
        if stage.app.load_rps:
            wait_for(f"{stage.namespace}: some past", partial(has_past, stage))
    yield made
    print(f"\ndaemon's log, its end:\n{made.log()[-3000:]}")
    cluster.route_alerts_to(None)
    made.stop()


@pytest.fixture
def stage(stages: dict[str, Stage], daemon: Daemon) -> Callable[[str], Stage]:
    """A story's namespace, with the daemon watching it."""
    return lambda story: stages[story]
