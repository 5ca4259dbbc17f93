"""From file, environment and flags to settings, or to everything that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import InitSettingsSource

from daemon.settings import checks, names, secret_checks, text_source, yaml_file
from daemon.settings import offline as recorded
from daemon.settings.example import example_file
from daemon.settings.model import Settings
from daemon.settings.problems import COMPLAINT, Location, Problem, SettingsError, dotted, instead, plain
from daemon.settings.text_source import Given
from daemon.settings.wording import words

_PASSWORD = re.compile(r"//[^/@\s]+@")


class _FileSource(InitSettingsSource):
    """The file's values; keys that are no settings are passed on, so that validation names them."""


def load(
    path: Path | None = None,
    flags: Mapping[str, str | None] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    offline: bool = False,
) -> Settings:
    """The settings; a flag beats the environment, which beats the file, which beats the defaults.

    ``flags`` has the settings' dotted names (``prometheus.url``) and text values; ``None`` is not set. The
    process's environment is read only where it is handed in. Lists and maps are written as JSON in flags and
    variables. Raises SettingsError with all problems found. Without a file these must say everything.

    ``offline`` reads workloads, signals and policy alone: the rest is neither looked at nor checked, so that
    the cluster's own file is of use where its secrets are not mounted. No workload and no query is needed.
    """
    file = yaml_file.read(path) if path is not None else yaml_file.SettingsFile("settings")
    given = (text_source.from_flags(flags or {}), text_source.from_environment(environ or {}))
    if offline:
        file = recorded.from_file(file)
        given = (recorded.from_text(given[0]), recorded.from_text(given[1]))
    places = _Places(file, given)
    problems = [problem for one in given for problem in one.problems]
    problems += [places.of_flaw(flaw) for flaw in secret_checks.written_down(file.values)]
    sources = (*(one.source() for one in given), _FileSource(Settings, dict(file.values)))
    built: dict[str, Any] = {"_build_sources": (sources, {})}
    try:
        settings = Settings(**built)
    except ValidationError as error:
        problems += [
            _no_file() if path is None and _nothing_guarded(details) else places.of_error(details)
            for details in error.errors(include_url=False)
        ]
        raise SettingsError(sorted(problems, key=_order)) from None
    try:
        problems += [places.of_flaw(flaw) for flaw in checks.flaws(settings, offline=offline)]
    except OSError as error:  # A secret's file went away between two looks at it.
        problems.append(Problem(source="settings", field="", message=str(error), remedy="try again"))
    if problems:
        raise SettingsError(sorted(problems, key=_order))
    return settings


def _no_file() -> Problem:
    return Problem(
        source="settings",
        field="workloads",
        message="there is no settings file, and so nothing is guarded",
        remedy="write one by rollbackd init, and name it with --config or ROLLBACKD_CONFIG; "
        f"{example_file()} is an example",
    )


def _nothing_guarded(details: ErrorDetails) -> bool:
    return details["type"] == "missing" and details["loc"] == ("workloads",)


def _order(problem: Problem) -> tuple[bool, int]:
    return (problem.line is None, problem.line or 0)


class _Places:
    """Where each setting was given."""

    def __init__(self, file: yaml_file.SettingsFile, given: tuple[Given, ...]) -> None:
        self._file = file
        self._given = given

    def of_error(self, details: ErrorDetails) -> Problem:
        location = tuple(_without_tags(details["loc"]))
        if details["type"] == "extra_forbidden":
            message, remedy = (
                "this is not a setting",
                instead(str(location[-1]), names.names_at(location[:-1])),
            )
            return self._problem(location, message, remedy, value="")
        value = self._shown(location, details["input"])
        if details["type"] == COMPLAINT:
            context = details.get("ctx", {})
            return self._problem(location, str(context["message"]), str(context["remedy"]), value=value)
        source, _ = self._place(location)
        message, remedy = words(details, text=bool(source))
        return self._problem(location, message, remedy, value=value)

    def of_flaw(self, flaw: checks.Flaw) -> Problem:
        return self._problem(
            flaw.location, flaw.message, flaw.remedy, value=self._shown(flaw.location, flaw.value)
        )

    def _problem(self, location: Location, message: str, remedy: str, *, value: str) -> Problem:
        source, line = self._place(location)
        return Problem(
            source=source or self._file.name,
            line=line,
            field=dotted(location),
            value=value,
            message=message,
            remedy=remedy,
        )

    def _place(self, location: Location) -> tuple[str, int | None]:
        """The label of a flag or variable, or nothing and the file's line."""
        for given in self._given:
            if label := given.label(location):
                return label, None
        return "", self._file.line(location)

    def _shown(self, location: Location, value: Any) -> str:
        found = names.field_at(location)
        if found is None or names.is_secret(found.annotation) or names.model_in(found.annotation):
            return ""
        return _PASSWORD.sub("//***@", plain(value))[:200]


def _without_tags(location: Location) -> Iterator[str | int]:
    """pydantic puts validators' names between the parts of a location."""
    return (part for part in location if isinstance(part, int) or not part.startswith("function-"))
