"""Nobody sees the page by an oversight in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.settings import SettingsError, load

WORKLOADS = "workloads: [{namespace: shop, name: cart, signals: []}]\n"


def loaded(folder: Path, web: str) -> str:
    """The mode of the login, or what is wrong."""
    file = folder / "rollbackd.yaml"
    file.write_text(f"{WORKLOADS}web: {web}\n")
    try:
        return load(file).web.login.mode
    except SettingsError as error:
        return str(error)


@pytest.mark.parametrize(
    ("web", "mode"),
    [
        ("{}", "token"),
        ("{login: token}", "token"),
        ("{login: {session: 1h}}", "token"),
        ("{login: none, host: 127.0.0.1}", "none"),
        ("{login: none, host: '::1'}", "none"),
        ("{login: {mode: none, exposed: true}}", "none"),
        ("{login: {proxy: {trusted: [10.0.0.1, 'fd00::/8']}}}", "proxy"),
    ],
)
def test_a_login_is_said_shortly(tmp_path: Path, web: str, mode: str) -> None:
    assert loaded(tmp_path, web) == mode


@pytest.mark.parametrize(
    ("web", "field", "says"),
    [
        ("{login: none}", "web.login.mode", "all who reach 0.0.0.0 see every case"),
        ("{login: {mode: none}, host: 10.0.0.1}", "web.login.mode", "all who reach 10.0.0.1 see every case"),
        ("{login: nobody}", "web.login.mode", "write one of token, proxy, none"),
        ("{login: proxy}", "web.login.proxy", "add proxy with trusted"),
        ("{login: {proxy: {}}}", "web.login.proxy.trusted", "add 'trusted:'"),
        ("{login: {proxy: {trusted: []}}}", "web.login.proxy.trusted", "write at least 1"),
        ("{login: {proxy: {trusted: [proxy.svc]}}}", "web.login.proxy.trusted[0]", "such as 10.0.3.0/24"),
        ("{login: {mode: token, proxy: {trusted: [10.0.0.1]}}}", "web.login.mode", "take proxy out"),
        ("{login: {session: 5}}", "web.login.session", "at least 60"),
        ("{local_port: 8080}", "web.local_port", "choose another"),
    ],
)
def test_what_would_let_anybody_in_or_nobody_is_refused(
    tmp_path: Path, web: str, field: str, says: str
) -> None:
    problem = loaded(tmp_path, web)
    assert f"{field}: " in problem
    assert says in problem


def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("fifteen-letters\n")
    assert "web.webhook_key_file: the key of signed deliveries has fewer than 16" in loaded(
        tmp_path, f"{{webhook_key_file: {key}}}"
    )


@pytest.mark.parametrize(
    ("web", "problem"),
    [
        ("link_key_file: KEY", "web.page_url is missing"),
        (
            "link_key_file: KEY, page_url: 'https://r.example', host: 127.0.0.1, login: none",
            "a login is missing",
        ),
        ("link_key_file: SHORT, page_url: 'https://r.example'", "fewer than 16 characters"),
        ("link_key_file: KEY, page_url: 'https://r.example/'", ""),
    ],
)
def test_links_in_messages_need_a_page_a_login_and_a_key(tmp_path: Path, web: str, problem: str) -> None:
    (tmp_path / "key").write_text("0123456789abcdef\n")
    (tmp_path / "short").write_text("0123\n")
    text = web.replace("KEY", str(tmp_path / "key")).replace("SHORT", str(tmp_path / "short"))
    assert (problem or "token") in loaded(tmp_path, f"{{{text}}}")
