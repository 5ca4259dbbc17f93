from __future__ import annotations

import base64
import hashlib
import re

from tests.unit.web.conftest import Client


def test_the_page_holds_everything_and_may_load_nothing_else(client: Client) -> None:
    answer = client.get("/")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    assert f"script-src {allowed};" in policy
    assert len(scripts) == 2, "the picture's script is part of the answer"
    assert re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]*\"", answer.text) == []


def test_what_comes_from_the_api_never_becomes_markup(client: Client) -> None:
    page = client.get("/").text

    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert way not in page


def test_an_unchanged_page_is_not_sent_again(client: Client) -> None:
    etag = client.get("/").headers["ETag"]

    again = client.get("/", **{"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")
