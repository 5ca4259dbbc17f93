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
            found = cache.of(ref)
            assert set(found) == {one for one in everything if one.ref == ref}
            assert set(found) == {one.whole() for one in cache.outlines(ref)}
        assert {one.whole() for one in cache.unfinished()} == {one for one in everything if one.unfinished}


def test_what_was_decoded_for_a_workload_is_decoded_once_and_anew_when_it_changes() -> None:
    cache = CaseCache()
    put = [case(number, NAMES[0], Phase.HEALTHY, 1) for number in range(2)]
    for one in put:
        cache.put(one)
    first, second = cache.of(put[0].ref)
    assert [one is other for one, other in zip(cache.of(put[0].ref), (first, second), strict=True)] == [
        True
    ] * 2
    cache.put(replace(put[0], resource_version="2"))
    again, same = cache.of(put[0].ref)
    assert (again.resource_version, same is second) == ("2", True)
