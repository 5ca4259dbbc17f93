"""The contract of :class:`daemon.ports.Logs`."""

from __future__ import annotations

import pytest

from daemon.core.rollout_facts.log_lines import LONGEST_LINE
from daemon.ports import Missing, Rejected, Unavailable
from tests.contract.drivers import LogDriver

HOUR = 3600.0


def newest(logging: LogDriver, last: str, *, lines: int = 100) -> tuple[str, ...]:
    """What is read, once the line that was written last is there."""

    def look() -> tuple[str, ...] | None:
        try:
            found = logging.logs.tail(
                logging.namespace, logging.pod, logging.container, seconds=HOUR, lines=lines
            ).lines
        except Unavailable:
            return None
        return found if found and found[-1] == last else None

    return logging.until("the last line", look)


def test_the_newest_lines_are_read_in_their_order(logging: LogDriver) -> None:
    logging.write(*(f"line {number}".encode() for number in range(20)))
    assert newest(logging, "line 19") == tuple(f"line {number}" for number in range(20))
    assert newest(logging, "line 19", lines=3) == ("line 17", "line 18", "line 19")


def test_bytes_that_are_no_utf_8_do_not_harm_the_lines_around_them(logging: LogDriver) -> None:
    logging.write(b"before", b"bad \xff\xfe bytes", b"after")
    assert newest(logging, "after") == ("before", "bad \ufffd\ufffd bytes", "after")


def test_a_line_of_ten_megabytes_is_cut_and_the_newest_line_is_read(logging: LogDriver) -> None:
    logging.write(b"before", b"x" * 10_000_000, b"after")
    found = newest(logging, "after")
    assert all(len(line) <= LONGEST_LINE for line in found)


def test_a_pod_that_is_not_there_is_missing(logging: LogDriver) -> None:
    with pytest.raises(Missing):
        logging.logs.tail(logging.namespace, "nobody", logging.container, seconds=HOUR, lines=1)


def test_a_container_that_is_not_there_is_rejected(logging: LogDriver) -> None:
    logging.write(b"up")
    newest(logging, "up")
    with pytest.raises(Rejected):
        logging.logs.tail(logging.namespace, logging.pod, "nobody", seconds=HOUR, lines=1)


def test_a_server_that_does_not_answer_is_unavailable(logging: LogDriver) -> None:
    with pytest.raises(Unavailable):
        logging.cut_off().tail(logging.namespace, "a", "b", seconds=HOUR, lines=1)
