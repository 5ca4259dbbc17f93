"""What the end-to-end test makes of ``docs/tutorial.md`` before it carries it out."""

from __future__ import annotations

import subprocess

import pytest

from daemon import __version__
from tests.e2e.cluster.binaries import PROMETHEUS_VERSION
from tests.e2e.cluster.images import BASE
from tests.e2e.shop import SHOP
from tests.e2e.tutorial import IMAGE, PAGE, SUBSTITUTED, Block, Followed, blocks, missing, script, told


def lines() -> list[str]:
    return [line for block in blocks(PAGE.read_text()) for line in block.commands.splitlines()]


@pytest.mark.parametrize("command", SUBSTITUTED)
def test_what_is_not_carried_out_stands_on_the_page_once(command: str) -> None:
    assert lines().count(command) == 1


def test_the_page_names_the_images_that_the_node_is_given() -> None:
    assert IMAGE.endswith(f":{__version__}")
    assert f"image: prom/prometheus:v{PROMETHEUS_VERSION}\n" in SHOP.with_name("prometheus.yaml").read_text()
    assert f"image: {BASE.rpartition('/')[2]}\n" in SHOP.read_text()


@pytest.mark.parametrize("page", ["```\nls\n```\n", "```python\nx\n```\n", "```text\nx\n```\n"])
def test_a_block_that_nobody_would_follow_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="is not in its place"):
        blocks(page)


def test_the_blocks_are_carried_out_in_one_shell_until_one_fails() -> None:
    found = [Block("export A=1\n"), Block("echo a is $A\n"), Block("false\necho no\n")]
    done = subprocess.run(["bash", "-c", script(found)], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert [one.printed.strip() for one in told(found, done.stdout)] == ["", "a is 1"]


@pytest.mark.parametrize(
    ("shown", "lacking"),
    [
        (("one  two",), None),
        (("one …", "four"), None),
        (("four", "one two"), "one two"),
        (("three four",), "three four"),
        (("o…",), None),
        (("two",), "two"),
    ],
)
def test_what_the_page_shows_must_be_printed_in_that_order(
    shown: tuple[str, ...], lacking: str | None
) -> None:
    assert missing(Followed(Block("x", shown), "one   two\nthree\nfour\n", 0.0)) == lacking
