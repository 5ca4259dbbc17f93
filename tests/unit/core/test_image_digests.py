"""Which images run, by digest: what is not known is not said."""

from __future__ import annotations

from msgspec.structs import replace

from daemon.core.rollout_facts.image_digests import ImageDigest, digest_lines, digests_of
from daemon.core.rollout_facts.template_diff import MOST_LINES, TemplateDiff
from tests.unit.core.made import NEW, OLD, container, pod, workload

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


def runs(digest: str, container_: str = "heat") -> tuple[ImageDigest, ...]:
    return (ImageDigest(container=container_, digest=digest),)


def test_only_the_revisions_own_pods_count() -> None:
    seen = workload(
        pod("a", OLD, containers=(container(digest=ONE),)), pod("b", NEW, containers=(container(digest=TWO),))
    )
    assert (digests_of(seen, OLD), digests_of(seen, NEW)) == (runs(ONE), runs(TWO))
    assert digests_of(seen, None) == ()


def test_pods_of_a_tag_that_was_pushed_anew_between_their_starts_agree_on_nothing() -> None:
    pods = [pod(name, containers=(container(digest=digest),)) for name, digest in (("a", ONE), ("b", TWO))]
    assert digests_of(workload(*pods), NEW) == ()
    not_started = pod("c", containers=(container(),))
    assert digests_of(workload(pods[0], not_started), NEW) == runs(ONE)


def test_what_only_one_side_knows_is_not_compared() -> None:
    assert list(digest_lines(runs(ONE), runs(TWO, "proxy"))) == []
    assert list(digest_lines(runs(ONE), runs(ONE))) == []


def test_lines_that_come_first_push_out_the_last_ones() -> None:
    full = TemplateDiff(since=1, lines=tuple(str(number) for number in range(MOST_LINES)))
    found = full.and_also(["first"], first=True)
    assert (found.lines[0], found.lines[-1], found.left_out) == ("first", str(MOST_LINES - 2), 1)
    assert full.and_also(["last"]) == replace(full, left_out=1)
