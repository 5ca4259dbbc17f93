"""``check-config`` shows the guards, and the freeze that is on or comes next."""

from __future__ import annotations

from tests.unit.cli.conftest import FakeParts, Rollbackd, answer

FREEZES = """
freezes:
  - {name: weekend, cron: 0 18 * * FRI, duration: 62h, time_zone: Europe/Berlin}
  - {name: always-at-night, cron: 0 20 * * *, duration: 10h}
"""


def test_the_guards_and_the_next_window_are_shown(rollbackd: Rollbackd, parts: FakeParts) -> None:
    for path in parts.config_places:
        path.write_text(path.read_text() + FREEZES)
    said = " ".join(rollbackd("check-config").stdout.split())

    assert "guard cooldown off (policy.cooldown is 0)" in said
    assert "guard freeze windows weekend, always-at-night" in said
    assert "guard emergency-stop annotation rollbackd.io/stop" in said
    assert "weekend next: " in said
    assert "in Europe/Berlin, for" in said
    given = answer(rollbackd("check-config", "-o", "json"))
    assert next((one["name"], one["on"]) for one in given["freezes"]) == ("weekend", False)
    assert given["freezes"][0]["from"] < given["freezes"][0]["until"]
    assert {guard["name"] for guard in given["workloads"][0]["guards"]} >= {"pause", "rollback-limit"}
