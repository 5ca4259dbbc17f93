"""The page in a real browser, where there is one."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.web import samples
from tests.unit.web.conftest import Client
from tests.unit.web.fakes import FakeViews

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


def seen(url: str, profile: Path) -> str:
    """The document after the page's script has drawn it twice."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    command += ["--virtual-time-budget=2500", "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return re.sub(r"<(script|style)>.*?</\1>", "", done.stdout, flags=re.DOTALL)


def words(document: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", document))


def test_the_list_shows_workloads_cases_and_problems(
    client: Client, views: FakeViews, tmp_path: Path
) -> None:
    views.now_cases = [samples.rolled_back(), samples.awaiting()]
    views.now_workloads = [samples.workload()]
    views.now_problems = ["latency: Prometheus does not answer"]

    text = words(seen(client.base, tmp_path))

    for word in (
        "Rolled back",
        "Awaiting approval",
        "3 of 3 pods ready",
        "Prometheus does not answer",
        "live",
    ):
        assert word in text


def test_a_case_is_drawn_whole_and_its_texts_stay_texts(
    client: Client, views: FakeViews, tmp_path: Path
) -> None:
    case = samples.rolled_back()
    views.now_cases = [case]

    document = seen(f"{client.base}/#/cases/{case.namespace}/{case.name}", tmp_path)

    assert "<script>" not in document
    text = words(document)
    for word in (samples.REASON, "21.3 %", "1,600 to 1", "CrashLoopBackOff", "GL-006 ROLLBACK COMPLETED"):
        assert word in text
    assert "Error rate over 5 % <script>alert(1)</script>" in text


def test_a_daemon_that_knows_nothing_yet_says_so(client: Client, views: FakeViews, tmp_path: Path) -> None:
    views.unknown = "the first list of Deployments is not complete"

    text = words(seen(client.base, tmp_path))

    assert "The daemon cannot answer yet" in text
    assert "the first list of Deployments is not complete" in text
