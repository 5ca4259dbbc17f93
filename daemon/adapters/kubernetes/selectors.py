"""Label selectors in the form that the API's list requests take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daemon import ports
from daemon.adapters.kubernetes import partial


def selector_text(selector: partial.Selector) -> str:
    """A label selector in the form of a query parameter. Raises Rejected for an unknown operator."""
    terms = [f"{key}={value}" for key, value in sorted((selector.match_labels or {}).items())]
    return ",".join(terms + [_expression(e) for e in selector.match_expressions or ()])


def _expression(expression: Mapping[str, Any]) -> str:
    key, values = expression["key"], ",".join(expression.get("values") or ())
    match expression["operator"]:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "Exists":
            return f"{key}"
        case "DoesNotExist":
            return f"!{key}"
        case other:
            raise ports.Rejected(f"a Deployment's selector has the unknown operator {other!r}")
