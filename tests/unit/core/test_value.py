"""Types are learned before threads decode them. What that prevents ends a process, hence one of its own."""

from __future__ import annotations

import subprocess
import sys

ROUNDS, THREADS = 300, 6
PROGRAM = f"""
import sys, threading
import msgspec
from daemon.core.value import learn_types

def decoded_at_once(*kinds):
    begin = threading.Barrier({THREADS})
    def decode(kind):
        begin.wait()
        msgspec.json.decode(b'{{"a": {{"x": 1}}, "more": [{{"x": 2}}], "x": 3}}', type=kind)
    threads = [threading.Thread(target=decode, args=(kinds[n % len(kinds)],)) for n in range({THREADS})]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

sys.setswitchinterval(1e-6)
for _ in range({ROUNDS}):
    class Base(msgspec.Struct): pass
    class Inner(Base):
        x: int
        y: str | None = None
    class Outer(Base):
        a: Inner
        more: list[Inner] | None = None
        named: dict[str, Inner] | None = None
    learn_types(Base)
    decoded_at_once(Inner, Outer)
print("survived")
"""


def test_types_that_were_learned_can_be_decoded_by_threads_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "survived"), done.stderr
