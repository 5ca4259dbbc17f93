"""What all commands share: lazy import, global options before or after the command, errors in one line."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from daemon.cli.invocation import invocation_of
from daemon.presentation.words import clean

OK, BAD, USAGE, CLUSTER, NOT_FOUND = 0, 1, 2, 3, 4
FORMATS = ("table", "json", "yaml")
LISTING = (*FORMATS, "wide", "name")
"""The formats of commands that list cases."""


class KubeconfigFile(click.ParamType[str]):
    """A kubeconfig's path, as text; named by its option where it cannot be read, and not as a setting."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        del param
        try:
            with Path(value).expanduser().open("rb"):
                return str(Path(value).expanduser())
        except OSError as error:
            why = (error.strerror or "cannot be read").lower().replace("file or directory", "file")
            raise click.UsageError(f"--kubeconfig {value}: {why}.", ctx) from None


def global_options(*, hidden: bool) -> list[click.Parameter]:
    """Fresh option objects. On commands they are hidden: the group's help lists them once."""

    def option(*names: str, **more: Any) -> click.Option:
        return click.Option(names, hidden=hidden, expose_value=False, callback=_remember, **more)

    return [
        option(
            "--config",
            "-c",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            # Read by the group alone: a command's own default must not override the group's option.
            envvar=None if hidden else "ROLLBACKD_CONFIG",
            show_envvar=True,
            help="Settings file. Else ./rollbackd.yaml, /etc/rollbackd/rollbackd.yaml.",
        ),
        option(
            "--kubeconfig",
            type=KubeconfigFile(),
            metavar="FILE",
            help="A kubeconfig file; beats the settings.",
        ),
        option("--context", metavar="NAME", help="Context of the kubeconfig; beats the settings."),
        option("--namespace", "-n", metavar="NAME", help="Namespace of the WORKLOAD or CASE."),
        option(
            "--output",
            "-o",
            type=click.Choice(LISTING),
            help="For people (table, wide) or programs (name, json, yaml).",
        ),
        option(
            "--log-level",
            type=click.Choice(["debug", "info", "warning", "error"]),
            help="Least severe lines of the log on standard error.",
        ),
    ]


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is None or context.resilient_parsing or parameter.name is None:
        return
    invocation_of(context).set(**{parameter.name: value})


class Command(click.Command):
    """A command that takes the global options too, and whose help shows examples.

    Its callback returns the exit code. ``formats`` are those of ``--output`` that it can write. An option of
    its own stands in place of a global one of the same name.
    """

    def __init__(self, *args: Any, examples: str, formats: Sequence[str] = FORMATS, **more: Any) -> None:
        super().__init__(*args, **more)
        own = {opt for parameter in self.params for opt in parameter.opts}
        self.params += [option for option in global_options(hidden=True) if not own & set(option.opts)]
        self.examples = examples
        self.formats = tuple(formats)

    def invoke(self, ctx: click.Context) -> Any:
        asked = invocation_of(ctx).options.output
        if asked is not None and asked not in self.formats:
            raise click.UsageError(
                f"{self.name} cannot write {asked}: choose {', '.join(self.formats)}.", ctx
            )
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        write_section(formatter, "Examples", self.examples)
        formatter.write_paragraph()
        formatter.write_text("Global options (see rollbackd --help) go before or after the command.")


def write_section(formatter: click.HelpFormatter, title: str, text: str) -> None:
    with formatter.section(title):
        for line in text.strip().splitlines():
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Root(click.Group):
    """The group: knows its commands as ``module:attribute`` and turns expected errors into exit codes."""

    def __init__(self, *args: Any, commands_at: Mapping[str, str], sections: Mapping[str, str], **more: Any):
        super().__init__(*args, **more)
        self.params += global_options(hidden=False)
        self._commands_at = commands_at
        self._sections = sections

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._commands_at:
            return None
        module, _, attribute = self._commands_at[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self._commands_at and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"there is no command {name}{_meant(name, self._commands_at)}", ctx)
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, text in self._sections.items():
            write_section(formatter, title, text)

    def main(self, args: Sequence[str] | None = None, *more: Any, **options: Any) -> NoReturn:
        """Always ends the program, as click does; only defects of our own show a traceback."""
        options["standalone_mode"] = False
        sys.exit(_guarded(lambda: super(Root, self).main(args, *more, **options)))


def _meant(name: str, valid: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.6)
    return f": did you mean {near[0]}?" if near else "."


def _guarded(call: Callable[[], Any]) -> int:
    from daemon.ports import PortError

    try:
        code = call()
    except click.UsageError as error:
        where = f" See: {error.ctx.command_path} --help" if error.ctx else ""
        return _fail(f"{error.format_message()}{where}", USAGE)
    except click.ClickException as error:
        return _fail(error.format_message(), USAGE)
    except click.Abort:
        return _fail("interrupted", 130)
    except PortError as error:
        return _fail(str(error), _code(error))
    except Exception as error:
        return _settings_error(error)
    return code if isinstance(code, int) else OK


def _code(error: Exception) -> int:
    from daemon.ports import Conflict, Missing, Rejected

    match error:
        case Missing():
            return NOT_FOUND
        case Rejected():
            return USAGE
        case Conflict():
            return BAD
        case _:
            return CLUSTER


def _settings_error(error: Exception) -> int:
    """Exit with a SettingsError's problems; anything else goes on as it is.

    The settings take half a second to import, and no SettingsError can come about without them.
    """
    settings = sys.modules.get("daemon.settings.problems")
    if settings is None or not isinstance(error, settings.SettingsError):
        raise error
    for problem in error.problems:
        _fail(str(problem), USAGE)
    return USAGE


def _fail(message: str, code: int) -> int:
    click.echo(f"error: {' '.join(clean(message).split())}", err=True)
    return code


def note(text: str) -> None:
    """A remark beside the answer, on standard error."""
    click.echo(f"note: {clean(text)}", err=True)
