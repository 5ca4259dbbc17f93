"""Settings given as text: environment variables and command-line flags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from daemon.settings import names
from daemon.settings.model import Settings
from daemon.settings.problems import Location, Problem, instead


class TextSource(EnvSettingsSource):
    """pydantic-settings' reading of variables, from a mapping in place of the process's environment."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in given.items() if value != ""}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return dict(self._given)

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Text that is not JSON is left for the validation to complain of, with its place and remedy."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


@dataclass(frozen=True)
class Given:
    """What one kind of text source sets: path → how the operator named it, and the text."""

    kind: str
    labels: Mapping[tuple[str, ...], str]
    variables: Mapping[str, str]
    problems: tuple[Problem, ...] = ()

    def label(self, location: Location) -> str:
        """How the operator named the setting at (or around) this location; nothing if not set here."""
        path = tuple(str(part) for part in location)
        return next((label for given, label in self.labels.items() if path[: len(given)] == given), "")

    def without(self, groups: Collection[str]) -> Given:
        """As if nothing of these groups had been set."""
        kept = {path: label for path, label in self.labels.items() if path[0] not in groups}
        names_left_out = {names.variable(path) for path in self.labels if path[0] in groups}
        variables = {
            name: value for name, value in self.variables.items() if name.upper() not in names_left_out
        }
        return replace(self, labels=kept, variables=variables)

    def source(self) -> TextSource:
        return TextSource(self.variables)


def from_environment(environ: Mapping[str, str]) -> Given:
    """The variables that begin with ROLLBACKD_; unknown ones are problems, empty ones are not set."""
    labels: dict[tuple[str, ...], str] = {}
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for name, value in sorted(environ.items()):
        if not name.upper().startswith(names.PREFIX) or name.upper() == names.CONFIG_VARIABLE:
            continue
        path = tuple(name[len(names.PREFIX) :].lower().split("__"))
        if names.can_be_set(path):
            if value != "":
                labels[path], variables[name] = f"environment variable {name}", value
        elif not names.is_service_link(name.upper(), value):
            valid = [names.variable(single) for single in names.single_values()]
            problems.append(_unknown(f"environment variable {name}", name.upper(), valid))
    return Given("environment", labels, variables, tuple(problems))


def from_flags(flags: Mapping[str, str | None]) -> Given:
    """Flags by their setting's dotted name, such as ``prometheus.url``; ``None`` is not set."""
    labels: dict[tuple[str, ...], str] = {}
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for name, value in flags.items():
        if value is None:
            continue
        path = tuple(name.split("."))
        if names.can_be_set(path):
            labels[path], variables[names.variable(path)] = f"flag {name}", value
        else:
            valid = [".".join(single) for single in names.single_values()]
            problems.append(_unknown(f"flag {name}", name, valid))
    return Given("flag", labels, variables, tuple(problems))


def _unknown(source: str, name: str, valid: list[str]) -> Problem:
    remedy = instead(name, valid)
    if remedy.startswith("valid here"):
        remedy = "remove it, or see docs/settings.md for the valid names"
    return Problem(source=source, field="", message="this is not a setting", remedy=remedy)
