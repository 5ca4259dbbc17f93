from __future__ import annotations

import logging

import pytest

from daemon.adapters.incidents.log import LogSink
from tests.unit.incidents.conftest import incident


def test_a_stage_is_one_line_with_the_reason_and_the_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "rollbackd"):
        reference = LogSink().publish(incident())

    (record,) = caplog.records
    line = record.__dict__["fields"]
    assert (record.getMessage(), record.levelname) == ("GL-006 ROLLBACK COMPLETED", "INFO")
    assert (line["namespace"], line["workload"], line["stage"]) == (
        "greenlang",
        "gl-006-heatreclaim",
        "opened",
    )
    assert "Restored Version: gcr.io/greenlang/gl-006-heatreclaim:v1.0.0" in line["message"]
    assert reference == "log line of 10:00:42 UTC"
