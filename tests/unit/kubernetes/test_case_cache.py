"""The index of the case cache: whatever is put and taken away, each question is answered as by a search."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.adapters.kubernetes.case_cache import CaseCache
from daemon.core.case.case import Case, Phase
from tests.contract.samples import new_case

NAMES = ("cart", "checkout")
ACTIONS = st.tuples(
    st.sampled_from(("put", "spoilt", "gone", "deleted")),
    st.integers(0, 3),
    st.sampled_from(NAMES),
    st.sampled_from((Phase.WATCHING, Phase.HEALTHY, Phase.ADVISED)),
)


def case(uid: int, workload: str, phase: Phase, version: int) -> Case:
    made = new_case("shop", uid + 2)
    return replace(
        made,
        uid=str(uid),
        resource_version=str(version),
        spec=replace(made.spec, workload=workload),
        status=replace(made.status, phase=phase),
    )


@given(actions=st.lists(ACTIONS, max_size=30))
def test_each_question_is_answered_as_by_a_search(actions: list[tuple[str, int, str, Phase]]) -> None:
    cache = CaseCache()
    for version, (act, uid, workload, phase) in enumerate(actions, 1):
        match act:
            case "put":
                cache.put(case(uid, workload, phase, version))
            case "spoilt":
                cache.put_unreadable(str(uid), f"shop/{uid}", "it makes no sense")
            case "gone":
                cache.gone(str(uid))
            case _:
                cache.deleted_by_us(str(uid))
        everything = [one.whole() for one in cache.outlines()]
        for ref in {one.ref for one in everything} | {case(0, name, phase, 1).ref for name in NAMES}:
            assert {one.whole() for one in cache.outlines(ref)} == {
                one for one in everything if one.ref == ref
            }
        assert {one.whole() for one in cache.unfinished()} == {one for one in everything if one.unfinished}
