"""docs/notifications.md: each block of settings is a file that passes, each sink has one, the code works."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daemon.adapters.incidents.webhook import signature
from daemon.settings import SINKS, load

PAGE = (Path(__file__).parents[3] / "docs/notifications.md").read_text()
BLOCKS = [
    block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("workloads")
]


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_block_of_settings_passes(block: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef")
    file = tmp_path / "rollbackd.yaml"
    file.write_text(re.sub(r"/etc/rollbackd-notify/[\w-]+", str(secret), block))
    assert set(load(file, {}, {}).incidents.chosen) > {"log", "events"}


def test_every_sink_that_is_configured_by_a_group_has_a_block() -> None:
    shown = "\n".join(BLOCKS)
    assert not [
        sink for sink in SINKS if sink not in {"log", "events", "sentry"} and f"  {sink}:" not in shown
    ]


@pytest.mark.parametrize("secret", ["whsec_c2VjcmV0LW9mLXRoZS1yZWNlaXZlcg==", "a plain secret"])
def test_the_code_that_verifies_takes_ours_and_nothing_else(secret: str) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    moment = str(int(datetime.now(UTC).timestamp()))
    signed = signature(secret, "msg_1", moment, b"{}")
    headers = {"webhook-id": "msg_1", "webhook-timestamp": moment, "webhook-signature": signed}
    assert names["verified"](secret, headers, b"{}")
    assert not names["verified"](secret, headers, b"{ }")
    assert not names["verified"]("another secret", headers, b"{}")
    old = {**headers, "webhook-timestamp": "1700000000"}
    old["webhook-signature"] = signature(secret, "msg_1", "1700000000", b"{}")
    assert not names["verified"](secret, old, b"{}")
