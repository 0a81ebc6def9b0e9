from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "secret",
    ["AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9, "github_pat_" + "a1" * 15, "glpat-" + "a1" * 10,
     "xoxb-123456789012-abc", "sk_live_" + "a1" * 10, "sk-proj-" + "a1" * 20,
     "AIza" + "a1" * 17 + "a",
     "hf_" + "a1" * 17, "npm_" + "a1" * 18, "123456789:AA" + "a1" * 16 + "a", "AC" + "0a" * 16,
     "xapp-1-A0123-456-abc", "hooks.slack.com/services/T00000000/B00000000/XXXX",
     "GOCSPX-" + "a1" * 14, "gsk_" + "a1" * 26, "r8_" + "a1" * 18, "xai-" + "a1" * 40,
     "shpat_" + "0a" * 16, "dop_v1_" + "0a" * 32, "dapi" + "0a" * 16, "ATATT3" + "xF" * 20,
     "ntn_" + "a1" * 23, "lin_api_" + "a1" * 20, "hvs." + "a1" * 20, "dckr_pat_" + "a1" * 13,
     "glsa_" + "a1" * 16 + "_0a1b2c3d", "sq0atp-" + "a1" * 11, "AGE-SECRET-KEY-1" + "Q2" * 29,
     "AccountKey=" + "a1" * 43 + "==",
     "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"],
)  # fmt: skip
def test_tokens(find: Find, secret: str) -> None:
    assert find(f"use {secret} for it") == [("SECRET", secret)]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password: hunter2!", "hunter2!"),
        ("mon mot de passe : s3cr3t-là", "s3cr3t-là"),
        ("le mdp est azerty123", "azerty123"),
        ('API_KEY = "abc123def"', "abc123def"),
        ("Authorization: Bearer abcdef0123456789abcdef", "abcdef0123456789abcdef"),
    ],
)
def test_stated_secrets(find: Find, text: str, secret: str) -> None:
    assert ("SECRET", secret) in find(text)


def test_a_password_inside_a_link(find: Find) -> None:
    assert ("SECRET", "hunter2") in find("ftp://lea:hunter2@example.com/a")


def test_a_private_key_goes_whole_and_cut_off(find: Find) -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7"
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
    assert find(f"here: {key} ok") == [("SECRET", key)]
    [(kind, value)] = find(f"-----BEGIN PRIVATE KEY-----\n{body}")
    assert kind == "SECRET"
    assert value.endswith(body)


@pytest.mark.parametrize(
    "text",
    ["password: please change it", "the token is mine", "eyJ", "sk-8 board", "forgot password?"],
)
def test_others(find: Find, text: str) -> None:
    assert find(text) == []
