"""Settings: sources in order, and errors that name the setting and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_starts_with_no_configuration() -> None:
    settings = read_settings(None, {})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.database.startswith("sqlite:////")


def test_flags_beat_environment_beats_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "some.toml"
    file.write_text('port = 1\nhost = "::1"\nlog_level = "debug"\n')
    monkeypatch.setenv("AVATAR_GATEWAY_PORT", "2")
    monkeypatch.setenv("AVATAR_GATEWAY_HOST", "0.0.0.0")  # noqa: S104 - a value, nothing listens
    settings = read_settings(file, {"port": 3})
    assert (settings.port, settings.host, settings.log_level) == (3, "0.0.0.0", "debug")  # noqa: S104


def test_the_file_is_found_by_its_usual_name_and_by_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("avatar-gateway.toml").write_text("port = 7\n")
    assert read_settings(None, {}).port == 7
    other = tmp_path / "other.toml"
    other.write_text("port = 8\n")
    monkeypatch.setenv("AVATAR_GATEWAY_CONFIG", str(other))
    assert read_settings(None, {}).port == 8


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("AVATAR_GATEWAY_PORT", "http", "AVATAR_GATEWAY_PORT: "),
        ("AVATAR_GATEWAY_PORT", "70000", "AVATAR_GATEWAY_PORT: "),
        ("AVATAR_GATEWAY_PROT", "80", "AVATAR_GATEWAY_PROT: is no setting. Did you mean port?"),
        ("AVATAR_GATEWAY_POLICY_ENGINE", "prolog", "AVATAR_GATEWAY_POLICY_ENGINE: "),
        ("AVATAR_GATEWAY_DATABASE_URL", "mysql://x", "must start with sqlite:/// or postgresql"),
        ("AVATAR_GATEWAY_TOXICITY_BACKEND", "detoxify", "needs detoxify_checkpoint"),
        ("AVATAR_GATEWAY_TOXICITY_BACKEND", "remote", "needs toxicity_remote_url"),
        (
            "AVATAR_GATEWAY_TOXICITY_REMOTE_URL",
            "http://a:b@tox/v2/models/x",
            "TOXICITY_REMOTE_URL: ",
        ),
        ("AVATAR_GATEWAY_PII_NER", "en,tlh", "AVATAR_GATEWAY_PII_NER: "),
        ("AVATAR_GATEWAY_REVIEW_TTL_S", "1e12", "a year at most"),
        ("AVATAR_GATEWAY_REVIEW_TTL_S", "inf", "a year at most"),
        ("AVATAR_GATEWAY_DEADLINE_DETECT_MS", "inf", "10 minutes at most"),
        ("AVATAR_GATEWAY_DEADLINE_POLICY_MS", "nan", "AVATAR_GATEWAY_DEADLINE_POLICY_MS: "),
        ("AVATAR_GATEWAY_SANDBOX_URL", "http://me:pass@x/y", "AVATAR_GATEWAY_SANDBOX_URL: "),
        ("AVATAR_GATEWAY_PUBLIC_URL", "my gateway", "AVATAR_GATEWAY_PUBLIC_URL: "),
        ("AVATAR_GATEWAY_OTLP_ENDPOINT", "collector", "AVATAR_GATEWAY_OTLP_ENDPOINT: "),
    ],
)
def test_a_wrong_variable_is_named(
    variable: str, value: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        read_settings(None, {})
    assert named in str(caught.value)


def test_a_wrong_line_of_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("review_ttl_s = -1\n")
    with pytest.raises(ConfigurationError, match=r"review_ttl_s in .*wrong\.toml: .*greater than"):
        read_settings(file, {})
    file.write_text("reviw_ttl_s = 1\n")
    with pytest.raises(ConfigurationError, match=r"Did you mean review_ttl_s\?"):
        read_settings(file, {})
    file.write_text("port = \n")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        read_settings(file, {})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_settings(tmp_path / "none.toml", {})


def test_a_wrong_flag_is_named() -> None:
    with pytest.raises(ConfigurationError, match="--log-level: "):
        read_settings(None, {"log_level": "loud"})


def test_secrets_are_not_shown() -> None:
    settings = read_settings(None, {"opa_token": "hush", "webhook_secret": "quiet"})
    assert "hush" not in repr(settings)
    assert "quiet" not in repr(settings)


def test_every_setting_is_documented() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("given", ["en,fr", " en , fr ", '["en", "fr"]'])
def test_languages_are_separated_by_commas(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_GATEWAY_PII_NER", given)
    assert read_settings(None, {}).pii_ner == ("en", "fr")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell writes one for what was never set: it must not lead to the working directory."""
    monkeypatch.setenv("AVATAR_GATEWAY_DATA_DIR", "")
    monkeypatch.setenv("AVATAR_GATEWAY_PORT", "")
    settings = read_settings(None, {})
    assert (settings.data_dir, settings.port) == (Path("var"), 8080)


def test_witnesses_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_GATEWAY_WITNESSES", "https://a a+1+BA==, https://b b+2+BA==")
    assert read_settings(None, {}).witnesses == ("https://a a+1+BA==", "https://b b+2+BA==")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"witnesses": ("https://a k",), "witness_quorum": 2}, "witness_quorum is above"),
        ({"timestamp_url": "https://tsa"}, "go together"),
        ({"timestamp_certificates": "roots.pem"}, "go together"),
        ({"timestamp_url": "ftp://tsa", "timestamp_certificates": "roots.pem"}, "timestamp"),
    ],
)
def test_anchors_that_do_not_fit(flags: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read_settings(None, flags)
