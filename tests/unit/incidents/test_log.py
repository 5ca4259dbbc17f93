from __future__ import annotations

from structlog.testing import capture_logs

from daemon.adapters.incidents.log import LogSink
from tests.unit.incidents.conftest import incident


def test_a_stage_is_one_line_with_the_reason_and_the_message() -> None:
    with capture_logs() as lines:
        reference = LogSink().publish(incident())

    (line,) = lines
    assert line["event"] == "GL-006 ROLLBACK COMPLETED"
    assert line["log_level"] == "info"
    assert (line["namespace"], line["workload"], line["stage"]) == (
        "greenlang",
        "gl-006-heatreclaim",
        "opened",
    )
    assert "Rolled Back To: gcr.io/greenlang/gl-006-heatreclaim:v1.0.0" in line["message"]
    assert reference == "log line of 10:00:42 UTC"
