"""Takes secrets out of text that others wrote, before it is stored or shown.

What is masked is what looks like one: credentials after ``Bearer`` and ``Basic``, passwords in addresses,
values of names that sound secret, JSON Web Tokens, keys of known forms. A secret that looks like nothing is
not found, so whoever logs secrets must not have logs read. Long text costs no more than its length: it is
anybody's.
"""

from __future__ import annotations

import re

MASK = "***"
_NAMES = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?"
    r"|authorization|session[_-]?id|cookie|dsn|signature)"
)
_QUOTED = r""""(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)"""
_SCHEMES = re.compile(r"\b(bearer|basic|digest|negotiate)\s+[^\s\"',;]+", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?<=://)([^\s/:@\"']{0,200}):[^\s@]{1,1000}@")
_NAMED = re.compile(
    # The name may go on before and after, as in DB_PASSWORD_FILE; it begins where no name is before it.
    rf"(?<![\w.-])([\w.-]{{0,60}}?{_NAMES}[\w.-]{{0,60}})(\\?[\"']?\s{{0,5}}(?:=>|[=:])\s{{0,5}})"
    rf"(?:\\\"[^\"]*(?:\"|$)|{_QUOTED}|[^\s,;&\"'}}\])]+)",
    re.IGNORECASE,
)
_FLAG = re.compile(rf"(--?[\w-]{{0,60}}?{_NAMES})\s+(?!-)[^\s,;&\"']+", re.IGNORECASE)
_FORMS = re.compile(
    r"\beyJ[\w-]{4,4000}\.[\w-]+(?:\.[\w-]*)?"  # JSON Web Tokens
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[opsur]_\w{20,}|\bxox[abprs]-[\w-]{10,}|\bglpat-[\w-]{20,}"
    r"|(?s:-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z))"
)


def mask(text: str) -> str:
    """The text with everything that looks like a secret replaced; masking again changes nothing.

    >>> mask("GET postgres://heat:hunter2@db:5432/heat, key: Bearer abc.def")
    'GET postgres://heat:***@db:5432/heat, key: Bearer ***'
    """
    text = _FORMS.sub(MASK, text)
    text = _SCHEMES.sub(rf"\1 {MASK}", text)
    text = _IN_ADDRESS.sub(rf"\1:{MASK}@", text)
    text = _NAMED.sub(_value_masked, text)
    return _FLAG.sub(rf"\1 {MASK}", text)


def _value_masked(found: re.Match[str]) -> str:
    value = found[0][len(found[1]) + len(found[2]) :]
    if value.startswith('\\"'):
        return f'{found[1]}{found[2]}\\"{MASK}"'
    quote = value[0] if value[0] in "\"'" else ""
    return f"{found[1]}{found[2]}{quote}{MASK}{quote}"
