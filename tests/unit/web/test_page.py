from __future__ import annotations

import re

import pytest

from daemon.web.page import FILES
from tests.unit.web.conftest import Client

PATHS = ["/" if name == "page.html" else f"/{name}" for name in FILES]
SCRIPTS = [path for path in PATHS if path.endswith(".js")]


def test_the_page_is_this_servers_files_and_may_load_nothing_else(unmoved: Client) -> None:
    answer = unmoved.get("/")

    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= {
        *policy
    }
    assert not re.search("unsafe|sha256|https?:", "".join(policy))
    named = re.findall(r"(?:src|href)=\"((?!data:|#)[^\"]*)\"", answer.text)
    assert sorted(named) == sorted(path[1:] for path in PATHS if path != "/")
    for path in PATHS:
        file = unmoved.get(path)
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert file.headers["Content-Type"].startswith("text/")


def test_no_script_and_no_style_is_part_of_the_markup(unmoved: Client) -> None:
    """Where none is, none can be slipped in."""
    markup = unmoved.get("/").text
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=|javascript:", markup) == []


@pytest.mark.parametrize("path", SCRIPTS)
def test_what_comes_from_the_api_never_becomes_markup(unmoved: Client, path: str) -> None:
    script = unmoved.get(path).text
    assert script.startswith('"use strict";')
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert way not in script
    assert not re.search("localStorage|sessionStorage|document.cookie", script), "a token is kept nowhere"


@pytest.mark.parametrize("path", PATHS)
def test_what_is_unchanged_is_not_sent_again(unmoved: Client, path: str) -> None:
    etag = unmoved.get(path).headers["ETag"]

    again = unmoved.get(path, **{"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")
