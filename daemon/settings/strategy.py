"""Which revision is returned to: a choice of one, and what people are told who look for the others."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from daemon.settings.problems import complaint
from daemon.settings.types import Group

_BY_HAND = {
    "revision": (
        "a revision's number is not known before the release that fails",
        "leave it at previous; a person names one: rollbackd approve CASE --to-revision N",
    ),
    "image": (
        "an old image in the new template never ran, so nothing proves that it is good",
        "leave it at previous; a person does it: rollbackd rollback --to-image TAG",
    ),
}


def _known(value: Any) -> Any:
    if isinstance(value, str) and value in _BY_HAND:
        message, remedy = _BY_HAND[value]
        raise complaint(f"{value!r} cannot be chosen beforehand: {message}", remedy)
    return value


class StrategySettings(Group):
    """Where a rollback leads."""

    strategy: Annotated[Literal["previous"], BeforeValidator(_known)] = Field(
        default="previous",
        description=(
            "`previous`: the whole template of the newest revision that was found healthy, which need not be "
            "the one before. A given revision or image is a person's to name: `rollbackd approve CASE "
            "--to-revision N`, `rollbackd rollback --to-revision N`, `rollbackd rollback --to-image TAG`."
        ),
    )
