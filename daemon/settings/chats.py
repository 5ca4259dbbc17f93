"""Where people are notified in a chat."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, StringConstraints

from daemon.settings.channels import Channelled
from daemon.settings.problems import complaint
from daemon.settings.types import Group, HttpUrl, ReadableFile, SignalName

SlackChannel = Annotated[str, StringConstraints(min_length=2, max_length=80, pattern=r"^#?[^\s#]+$")]
"""An id, such as ``C024BE91L``, or a name with or without ``#``."""


class SlackSettings(Channelled):
    """Messages in Slack: a thread for each case by a bot's token, or messages by an incoming webhook."""

    token_file: ReadableFile | None = Field(
        default=None,
        description=(
            "File with the bot's token (`xoxb-…`), which needs the scope `chat:write`, and "
            "`channels:history` (private: `groups:history`) to find its messages again. Instead of "
            "`webhook_file`."
        ),
    )
    channels: tuple[SlackChannel, ...] = Field(
        default=(),
        max_length=50,
        description=(
            "With `token_file`: channels that `notify` may name, the usual one first. Best by their ids "
            "(`C024BE91L`): messages are found again by these alone."
        ),
    )
    webhook_file: ReadableFile | None = Field(
        default=None,
        description="File with the address of an incoming webhook: no threads, and its own channel alone.",
    )
    url: HttpUrl = Field(default="https://slack.com/api", description="Address of Slack's Web API.")

    @property
    def channel_names(self) -> tuple[str, ...]:
        return self.channels


class TeamsChannelSettings(Group):
    """A channel of Microsoft Teams."""

    name: SignalName = Field(description="Its name for `notify`.")
    webhook_file: ReadableFile = Field(description="File with the address of its workflow; it is a secret.")


class AppriseChannelSettings(Group):
    """A service that apprise knows."""

    name: SignalName = Field(description="Its name for `notify`.")
    url_file: ReadableFile = Field(description="File with its address as apprise writes it; it is a secret.")


Channel = TypeVar("Channel", TeamsChannelSettings, AppriseChannelSettings)


def _some_channel(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    names = [channel.name for channel in channels]
    if not names:
        raise complaint("there is no channel", "add one, with its name and its file")
    if len(set(names)) < len(names):
        raise complaint("two channels have one name", "give each a name of its own")
    return channels


class TeamsSettings(Channelled):
    """Cards in Microsoft Teams, by a workflow's webhook for each channel."""

    channels: Annotated[tuple[TeamsChannelSettings, ...], AfterValidator(_some_channel)] = Field(
        max_length=50,
        description=(
            "Channels that `notify` may name, the usual one first: each a `name` and a `webhook_file` with "
            "the address of its workflow 'When a Teams webhook request is received'"
        ),
    )

    @property
    def channel_names(self) -> tuple[str, ...]:
        return tuple(channel.name for channel in self.channels)


class AppriseSettings(Channelled):
    """Messages by the library apprise, for services that have no sink: `pip install 'rollbackd[apprise]'`."""

    channels: Annotated[tuple[AppriseChannelSettings, ...], AfterValidator(_some_channel)] = Field(
        max_length=50,
        description=(
            "Services that `notify` may name, the usual one first: each a `name` and a `url_file` with one "
            "address, such as `matrix://…`"
        ),
    )

    @property
    def channel_names(self) -> tuple[str, ...]:
        return tuple(channel.name for channel in self.channels)
