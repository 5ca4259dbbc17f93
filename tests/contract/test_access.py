"""Who somebody is and what they may: :class:`daemon.ports.Access`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daemon.ports import Person, Stranger, Unavailable
from tests.contract.conftest import BOTH
from tests.contract.people import INSTRUCT, SEE, MemoryPeopleDriver, PeopleDriver


@pytest.fixture(params=BOTH)
def people(request: pytest.FixtureRequest) -> Iterator[PeopleDriver]:
    if request.param == "memory":
        yield MemoryPeopleDriver()
        return
    from tests.contract import real_people

    with real_people.people_driver() as driver:
        yield driver


def test_a_token_says_who_it_is_and_rights_are_the_persons_own(people: PeopleDriver) -> None:
    person = people.access.who(people.token())

    assert isinstance(person, Person)
    assert "anna" in person.name
    assert "system:authenticated" in person.groups
    assert not people.access.may(person, people.namespace, SEE)
    people.grant(person, SEE)
    assert people.access.may(person, people.namespace, SEE)
    assert not people.access.may(person, people.namespace, INSTRUCT)
    assert not people.access.may(person, "", SEE), "one namespace's right is none in all of them"


def test_what_is_no_login_is_refused_in_a_sentence_that_says_why(people: PeopleDriver) -> None:
    refused = {
        "does not know": people.access.who("nobodys"),
        "expired": people.access.who(people.expired()),
        "another audience": people.access.who(people.elsewhere()),
    }

    for words, found in refused.items():
        assert isinstance(found, Stranger), words
        assert words in found.reason
        assert "make one" in found.reason


def test_a_server_that_cannot_be_asked_lets_nobody_in(people: PeopleDriver) -> None:
    deaf = people.cut_off()

    with pytest.raises(Unavailable):
        deaf.who("annas")
    with pytest.raises(Unavailable):
        deaf.may(Person(name="anna"), people.namespace, SEE)
