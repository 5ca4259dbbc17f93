from __future__ import annotations

from daemon.engine.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff, pauses = Backoff(first=0.5, longest=3.0), [Backoff(first=0.5, longest=3.0).after(None)]
    for _ in range(4):
        pauses.append(backoff.after(pauses[-1]))
    assert pauses == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_a_pause_that_was_longer_than_the_longest_is_cut() -> None:
    """What was forbidden waits for longer; once it fails in another way, the usual pauses hold."""
    assert Backoff(first=1.0, longest=30.0).after(60.0) == 30.0
