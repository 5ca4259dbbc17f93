"""The base of every value: frozen, and encoded as Kubernetes encodes its objects."""

from __future__ import annotations

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A frozen value; its encoded form has camelCase names, as Kubernetes objects do.

    The garbage collector need not look at it: a frozen value is never part of a cycle.
    """
