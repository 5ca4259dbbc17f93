"""The YAML parser whose maps and lists know where their parts stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ruamel.yaml import YAML


def positioned() -> YAML:
    """Passes over comments: nothing here writes them back, and some that are valid break the parser.

    ``load`` raises YAMLError, ValueError, RecursionError, and TypeError for a key that is a map or a list.
    """
    # Here and not above: the parser is needed once, and not by those who only read settings.
    from ruamel.yaml import YAML
    from ruamel.yaml.scanner import Scanner

    parser = YAML(typ="rt", pure=True)
    parser.Scanner = Scanner
    return parser
