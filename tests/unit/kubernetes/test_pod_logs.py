"""Logs are bounded in bytes, and the newest lines are what is read."""

from __future__ import annotations

import pytest
from werkzeug import Response

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.pod_logs import MOST_BYTES, KubeLogs
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.fake_api import FakeApi


def text(body: bytes) -> Response:
    return Response(body, content_type="text/plain")


def tail(client: KubeClient, lines: int = 2000) -> ports.LogTail:
    return KubeLogs(client).tail("greenlang", "heat-1", "heat", seconds=600, lines=lines)


def asked(api: FakeApi) -> list[str]:
    return [query["tailLines"] for _, _, query, _ in api.requests]


def test_one_container_of_its_present_run_is_asked_for_within_bounds(
    api: FakeApi, client: KubeClient
) -> None:
    api.answers["GET"] = [text(b"one\ntwo\n")]
    assert tail(client) == ports.LogTail(lines=("one", "two"))
    ((_, path, query, _),) = api.requests
    assert path == "/api/v1/namespaces/greenlang/pods/heat-1/log"
    assert query == {
        "container": "heat",
        "previous": "false",
        "sinceSeconds": "600",
        "tailLines": "2000",
        "limitBytes": str(MOST_BYTES),
    }


def test_where_the_bytes_do_not_suffice_fewer_lines_are_asked_for(api: FakeApi, client: KubeClient) -> None:
    """The server cuts the newest ones off."""
    api.answers["GET"] = [text(b"x" * MOST_BYTES), text(b"x" * MOST_BYTES), text(b"newest\n")]
    assert tail(client) == ports.LogTail(lines=("newest",))
    assert asked(api) == ["2000", "200", "20"]


def test_a_last_line_that_is_too_long_is_cut_and_that_is_said(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [text(b"x" * (3 * MOST_BYTES)) for _ in range(5)]
    found = tail(client)
    assert (found.cut, len(found.lines)) == (True, 1)
    assert asked(api)[-1] == "1"


def test_a_container_that_has_not_started_has_no_log(api: FakeApi, client: KubeClient) -> None:
    message = 'container "heat" in pod "heat-1" is waiting to start: ContainerCreating'
    api.answers["GET"] = [fake_api.status(400, message)]
    assert tail(client) == ports.LogTail()


@pytest.mark.parametrize(
    ("code", "error"),
    [(400, ports.Rejected), (403, ports.Denied), (404, ports.Missing), (500, ports.Unavailable)],
)
def test_refusals_keep_their_meaning(
    api: FakeApi, client: KubeClient, code: int, error: type[ports.PortError]
) -> None:
    api.answers["GET"] = [fake_api.status(code, "container nobody is not valid for pod heat-1")]
    with pytest.raises(error, match="nobody"):
        tail(client)
