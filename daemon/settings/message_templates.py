"""The operator's words for messages."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from daemon.core.case.message_templates import FIELDS, unknown_fields
from daemon.core.policy import MessageKind, MessageTemplate
from daemon.settings.problems import complaint, instead
from daemon.settings.types import Group


def _template(value: str) -> str:
    try:
        unknown = unknown_fields(value)
    except ValueError as error:
        raise complaint(f"{error}", "write $$ for a dollar, and fields as ${workload}") from None
    if unknown:
        raise complaint(f"there is no field ${unknown[0]}", instead(unknown[0], list(FIELDS)))
    return value


TitleTemplate = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^[^\r\n]*$"), AfterValidator(_template)
]
BodyTemplate = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_template)]


class TemplateSettings(Group):
    """Texts of one kind of message."""

    kind: MessageKind = Field(
        default="default", description="Of which messages; `default`: of all that have no template."
    )
    title: TitleTemplate = Field(default="", description="One line. Empty: the usual one.")
    body: BodyTemplate = Field(default="", description="The text below it. Empty: the usual one.")


def message_template(written: TemplateSettings) -> MessageTemplate:
    return MessageTemplate(kind=written.kind, title=written.title, body=written.body)
