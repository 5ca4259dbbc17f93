"""``approve`` with the revision to return to."""

from __future__ import annotations

import pytest

from tests.unit.cli.conftest import FakeParts, Rollbackd, answer
from tests.unit.web import samples


@pytest.mark.usefixtures("story")
def test_an_approval_may_name_the_revision(rollbackd: Rollbackd, parts: FakeParts) -> None:
    given = answer(rollbackd("approve", "gl-010", "--to-revision", "5", "--unproven", "-o", "json"))

    order = parts.memory.get("greenlang", samples.awaiting().name).spec.instruction
    assert order is not None
    assert (order.revision, order.unproven) == (5, True)
    assert given["instruction"]["revision"] == 5


@pytest.mark.usefixtures("story")
def test_the_word_for_an_unproven_revision_needs_its_number(rollbackd: Rollbackd, parts: FakeParts) -> None:
    result = rollbackd("approve", "gl-010", "--unproven")

    assert result.exit_code == 2
    assert "--unproven is about --to-revision" in result.stderr
    assert parts.memory.get("greenlang", samples.awaiting().name).spec.instruction is None
