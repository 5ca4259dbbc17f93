"""The base of every value: frozen, and encoded as Kubernetes encodes its objects."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time. Text without a zone is none, and is refused where it is decoded."""


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A frozen value; its encoded form has camelCase names, as Kubernetes objects do.

    The garbage collector need not look at it: a frozen value is never part of a cycle.
    """


def learn_types(base: type[msgspec.Struct] = msgspec.Struct) -> None:
    """Have msgspec learn every type there is now, before threads decode them.

    It learns a type when one is first decoded. A second thread that decodes the type meanwhile reads what is
    half learned, and the process ends with a segmentation fault (msgspec 0.22).
    """
    for kind in base.__subclasses__():
        # Types that have no JSON form are never decoded, nor those whose annotations are for mypy alone.
        with contextlib.suppress(TypeError, NameError):
            msgspec.json.Decoder(kind)
        learn_types(kind)
