"""A sink of which there are several places, such as a chat's channels."""

from __future__ import annotations

from abc import abstractmethod

from daemon.settings.types import Group


class Channelled(Group):
    """Settings of such a sink."""

    @property
    @abstractmethod
    def channel_names(self) -> tuple[str, ...]:
        """By these names `notify` knows them, the usual one first."""
