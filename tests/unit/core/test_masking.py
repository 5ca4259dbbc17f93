"""What looks like a secret is never told."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.masking import MASK, mask

SECRETS = st.text("abcdefghijkXYZ0123456789+-_.~", min_size=8, max_size=60).filter(lambda s: s[0].isalnum())
PLACES = [
    "Authorization: Bearer {}",
    '{{"headers": {{"authorization": "Bearer {}"}}}}',
    "sent 'Basic {}' to the proxy",
    "cannot reach postgresql://greenlang:{}@postgresql-0:5432/gl006",
    "redis://:{}@redis-0:6379/0 refused",
    "password={}",
    "DB_PASSWORD={} is wrong",
    'api_key: "{}"',
    "client-secret = '{}'",
    '{{"db": {{"password": "{}"}}}}',
    '{{"message": "body was {{\\"access_token\\":\\"{}\\"}}"}}',
    "GET /plan?token={}&x=1",
    "--password {} given",
    "Cookie: {}",
    "X-Api-Key: {}",
    "token=>{}",
]


@pytest.mark.parametrize("place", PLACES)
@given(secret=SECRETS)
def test_a_secret_is_masked_wherever_it_stands(place: str, secret: str) -> None:
    text = mask(place.format(secret))
    assert secret not in text
    assert MASK in text


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789abcdefghijABCDEFGHIJ",
        "-----BEGIN RSA PRIVATE KEY-----MIIEow",
    ],
)
def test_a_known_form_is_masked_without_a_name(secret: str) -> None:
    assert mask(f"sent {secret}") == f"sent {MASK}"


@pytest.mark.parametrize(
    "text",
    ["no connection to postgresql-0:5432", "passed 3 of 4 checks", "http://web:8000/ready answers 503"],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text())
def test_masking_again_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "text", ["a" * 4000, "://" * 1300, "password" * 500, '"\\' * 2000, "-" * 4000, "token:" * 600]
)
def test_no_line_takes_long(text: str) -> None:
    began = time.process_time()
    mask(text)
    assert time.process_time() - began < 0.5
