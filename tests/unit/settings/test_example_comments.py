"""What the shipped example says, and what it offers in comments and holds once somebody uncomments it."""

from __future__ import annotations

import re
from pathlib import Path

from daemon.core.model import WorkloadRef
from daemon.core.policy import SignalPolicy
from daemon.core.runs import HttpCall, Ingress
from daemon.settings import CounterPair, example_file, load, promql

GL006 = WorkloadRef(namespace="greenlang", name="gl-006-heatreclaim")


def uncommented(begin: str, lines: int) -> str:
    """The example with so many of its lines uncommented, from the one that begins so."""
    text = example_file().read_text(encoding="utf-8").splitlines()
    [first] = [number for number, line in enumerate(text) if line.strip().startswith(f"# {begin}")]
    for number in range(first, first + lines):
        text[number] = re.sub(r"^( *)# ", r"\1", text[number])
    return "\n".join(text)


def test_calculations_are_a_pair_of_counters_whose_scrapes_are_timed() -> None:
    settings = load(example_file())
    [found] = [signal for signal in settings.signals if signal.name == "calculations"]
    assert found.source == CounterPair(
        bad='gl006_errors_total{component=~"calc.*"}', total="gl006_calculations_total"
    )
    assert promql.is_selector(found.source.total)
    judged = SignalPolicy(
        name="calculations", title="share of failed calculations", limit=0.5, proof="when_seen"
    )
    assert judged in settings.policy_for(GL006, {}).signals


def test_the_ingress_is_gl_006s_own(tmp_path: Path) -> None:
    file = tmp_path / "rollbackd.yaml"
    file.write_text(uncommented("ingress:", 1))
    call = HttpCall(url="https://gl-006.api.greenlang.io/health")
    assert load(file).policy_for(GL006, {}).ingress == Ingress(call=call)
