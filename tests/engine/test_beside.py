"""What blocks is asked once, heard once it ends, and not heard where nobody wants it any more."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry

from daemon.engine.beside import Beside
from daemon.engine.defects import Defects
from daemon.ports import PortError, Unavailable
from tests.engine.world import REF
from tests.simulation.defects import MemoryDefects


class Asked:
    """Questions wait in ``jobs`` until they are run; ``looks`` at the workload were asked for."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []
        self.looks = 0
        self.begun = 0
        self.reporter = MemoryDefects()
        defects = Defects(self.reporter, lambda job: job(), CollectorRegistry())
        self.beside: Beside[str] = Beside(
            run=self.jobs.append, later=lambda *_: self._later(), defects=defects, edge="test"
        )

    def _later(self) -> None:
        self.looks += 1

    def ask(self, answer: str | Exception = "42") -> str | PortError | None:
        def question() -> str:
            self.begun += 1
            if isinstance(answer, Exception):
                raise answer
            return answer

        return self.beside.ask(("case", "version"), REF, question, broken=lambda why: why)

    def run(self) -> None:
        self.jobs.pop(0)()


def test_a_question_is_asked_once_and_its_answer_stays() -> None:
    asked = Asked()
    assert asked.ask() is None
    assert asked.ask() is None
    asked.run()
    assert (asked.ask(), asked.ask()) == ("42", "42")
    assert (asked.begun, asked.looks, asked.jobs) == (1, 1, [])


def test_what_could_not_be_asked_is_said_once_and_asked_again() -> None:
    asked, trouble = Asked(), Unavailable("connection reset")
    asked.ask(trouble)
    asked.run()
    assert asked.ask() is trouble
    assert asked.ask() is None
    asked.run()
    assert asked.ask() == "42"


def test_an_answer_that_was_forgotten_while_it_was_under_way_is_not_heard() -> None:
    asked = Asked()
    asked.ask("old")
    asked.beside.forget("another case")
    asked.beside.forget("case")
    asked.run()
    assert asked.ask("new") is None
    asked.run()
    assert asked.ask() == "new"


def test_a_defect_of_our_own_is_an_answer_and_is_reported() -> None:
    asked = Asked()
    asked.ask(ZeroDivisionError("oops"))
    asked.run()
    answer = asked.ask()
    assert isinstance(answer, str)
    assert "oops" in answer
    assert len(asked.reporter.reports) == 1
