"""In whose name the commands instruct."""

from __future__ import annotations

import pytest

from tests.unit.cli.conftest import FakeParts, Rollbackd, answer


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("named", "by"), [((), "system:serviceaccount:ops:anna"), (("--by", "anna"), "anna")]
)
def test_a_name_that_is_not_given_is_the_api_servers(
    rollbackd: Rollbackd, parts: FakeParts, named: tuple[str, ...], by: str
) -> None:
    """A policy of admission may hold it to that."""
    parts.known_as = "system:serviceaccount:ops:anna"
    given = answer(rollbackd("approve", "gl-010", "-o", "json", *named))
    assert given["instruction"]["by"] == by
