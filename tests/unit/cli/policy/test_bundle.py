from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from gateway.errors import ConfigurationError, PolicyInvalid
from tests.bundle_keys import key_pair
from tests.unit.cli.policy_folder import ask, folder

__all__ = ["ask", "folder"]
Ask = Callable[..., Result]


def test_bundles_are_packed_signed_and_verified(ask: Ask, folder: Path, tmp_path: Path) -> None:
    private, public = key_pair()
    (tmp_path / "private.pem").write_bytes(private)
    (tmp_path / "public.pem").write_bytes(public)
    out = tmp_path / "policies.tar.gz"
    key = ("--key", tmp_path / "public.pem")
    assert "not signed" in ask("bundle", out).output
    assert isinstance(ask("verify", out, *key).exception, PolicyInvalid)
    signing = ("--signing-key", tmp_path / "private.pem")
    assert ask("sign", out, *signing).exit_code == 0
    verified = ask("verify", out, *key)
    assert verified.output.startswith("verified, digest ")
    assert ask("bundle", out, *signing).exit_code == 0
    assert ask("verify", out, *key).output == verified.output
    (tmp_path / "public.pem").write_bytes(key_pair()[1])
    assert isinstance(ask("verify", out, *key).exception, PolicyInvalid)


def test_what_cannot_be_read_or_written_is_named(ask: Ask, tmp_path: Path) -> None:
    missing = ask("sign", tmp_path / "no.tar.gz", "--signing-key", tmp_path / "no.pem")
    assert isinstance(missing.exception, ConfigurationError)
    nowhere = ask("bundle", tmp_path / "no" / "out.tar.gz")
    assert isinstance(nowhere.exception, ConfigurationError)


def test_broken_policies_are_not_packed(ask: Ask, folder: Path, tmp_path: Path) -> None:
    (folder / "main.rego").write_text("package gateway\n\nx := no(1)\n", encoding="utf-8")
    assert isinstance(ask("bundle", tmp_path / "out.tar.gz").exception, PolicyInvalid)
    assert not (tmp_path / "out.tar.gz").exists()
