from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.assembly import anchoring
from gateway.errors import ConfigurationError
from gateway.settings import read_settings
from gateway.trail.anchors import Quorum
from gateway.trail.note import NoteKey

W1 = NoteKey("w.example/1", bytes(32), b"\x04")


@pytest.mark.parametrize(
    ("witnesses", "told"),
    [
        ("nonsense", "Write `<url> <key>`"),
        (f"http://w {W1.name}", "Write `<url> <key>`"),
        (f"http://w {W1},http://v {W1}", "A witness counts once"),
    ],
)
def test_witnesses_that_are_none_are_named(tmp_path: Path, witnesses: str, told: str) -> None:
    wrong = read_settings(None, {"data_dir": tmp_path, "witnesses": witnesses})
    with pytest.raises(ConfigurationError, match=told):
        anchoring.quorum_of(wrong)


def test_the_quorum_is_that_of_the_settings(tmp_path: Path) -> None:
    given = read_settings(None, {"data_dir": tmp_path, "witnesses": f"http://w {W1}"})
    assert anchoring.quorum_of(given) == Quorum((W1,), 1)
    assert anchoring.quorum_of(read_settings(None, {})) == Quorum((), 0)


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    flags = {"timestamp_url": "http://tsa", "timestamp_certificates": roots}
    for content in (None, "no certificate"):
        if content is not None:
            roots.write_text(content)
        with pytest.raises(ConfigurationError, match=r"roots\.pem cannot be read"):
            anchoring.stamp_checker(read_settings(None, flags))


def test_without_the_extra_stamps_are_not_checked_and_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchoring, "find_spec", lambda name: None)
    flags = {"timestamp_url": "http://tsa", "timestamp_certificates": tmp_path / "roots.pem"}
    given = read_settings(None, flags)
    assert anchoring.stamp_checker(given) is None
    with pytest.raises(ConfigurationError, match=r"avatar-gateway\[timestamp\]"):
        anchoring.stamping(given, None, now=lambda: datetime.now(UTC))  # type: ignore[arg-type] # no log is needed to refuse
