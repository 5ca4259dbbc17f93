"""A time bears a zone wherever the API server or a case gives one: else it can be compared with no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from daemon.adapters.kubernetes import partial
from daemon.core.case.case import Spec, Status


def times(kind: Any, seen: set[type], path: str = "") -> Iterator[tuple[str, inspect.DateTimeType]]:
    """Each place below a type where a time is decoded."""
    match kind:
        case inspect.DateTimeType():
            yield path, kind
        case inspect.StructType(cls=cls, fields=fields) if cls not in seen:
            seen.add(cls)
            for field in fields:
                yield from times(field.type, seen, f"{path}.{field.name}")
        case inspect.UnionType(types=kinds):
            for one in kinds:
                yield from times(one, seen, path)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            yield from times(item, seen, f"{path}[]")
        case inspect.TupleType(item_types=items):
            for one in items:
                yield from times(one, seen, f"{path}[]")
        case inspect.DictType(value_type=value) | inspect.Metadata(type=value):
            yield from times(value, seen, f"{path}{{}}")
        case _:
            pass


@pytest.mark.parametrize(
    "kind",
    [Spec, Status, partial.Deployment, partial.ReplicaSet, partial.PodObject],
    ids=lambda kind: kind.__name__,
)
def test_a_time_without_a_zone_is_refused_where_it_is_decoded(kind: type[msgspec.Struct]) -> None:
    found = dict(times(inspect.type_info(kind), set()))
    assert found, "the walk finds the times"
    assert [path for path, time in found.items() if time.tz is not True] == []
