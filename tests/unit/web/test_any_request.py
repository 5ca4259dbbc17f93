"""Requests that the API's description allows, and ones that it does not: each is answered as it is described.

The streams of ``/api/events`` end when the reader goes, so they have tests of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from daemon.web.visitor import change
from tests.unit.web import samples
from tests.unit.web.doors import HERE, House
from tests.unit.web.fakes import TOKEN
from tests.unit.web.test_actions import Remembered

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
"""That what should be refused is, other tests tell: they know whose right it is to be let in."""
FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def api() -> Iterator[Any]:
    house = House(orders=Remembered())
    house.views.now_cases = [samples.awaiting()]
    house.access.grant("anna", HERE, change(samples.REF.name))
    with house.open(house.token_door()):
        yield schemathesis.openapi.from_url(f"{house.base}/openapi.json").exclude(path="/api/events")


def asked(operation: Any, token: str) -> None:
    @FEW
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=20)
        case.validate_response(answer, checks=CHECKS)

    ask()


def test_every_answer_is_one_that_is_described(api: Any) -> None:
    operations = [found.ok() for found in api.get_all_operations()]
    assert {one.method for one in operations} == {"get", "post"}
    for operation in operations:
        asked(operation, TOKEN if operation.path.startswith("/webhooks/") else "annas")
