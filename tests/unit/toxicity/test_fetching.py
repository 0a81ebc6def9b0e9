from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest

from gateway.errors import ModelInvalid
from gateway.toxicity import fetching
from gateway.toxicity.fetching import RELEASES, ModelDownload, fetch_checkpoint

BODY = b"a checkpoint"
DIGEST = hashlib.sha256(BODY).hexdigest()
BASE = "https://releases.example/download"


@pytest.fixture
def releases(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"original": ModelDownload(f"v1/toxic-{DIGEST[:8]}.ckpt", DIGEST[:8])}
    monkeypatch.setattr(fetching, "RELEASES", made)


def _serve(body: bytes = BODY, status: int = 200) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/download/"):
            place = "https://objects.example" + request.url.path.removeprefix("/download")
            return httpx.Response(302, headers={"location": place})
        return httpx.Response(status, content=body)

    return httpx.MockTransport(answer)


@pytest.mark.usefixtures("releases")
def test_a_checkpoint_with_the_stated_hash_is_kept(tmp_path: Path) -> None:
    path, digest = fetch_checkpoint("original", into=tmp_path, base=BASE, transport=_serve())
    assert path.read_bytes() == BODY
    assert digest == DIGEST
    assert [each.name for each in tmp_path.iterdir()] == [f"toxic-{DIGEST[:8]}.ckpt"]


@pytest.mark.usefixtures("releases")
@pytest.mark.parametrize(
    ("transport", "problem"),
    [
        (_serve(b"another"), "has sha256"),
        (_serve(status=404), "could not be downloaded"),
        (_serve(b"x" * 101), "is larger than"),
    ],
)
def test_nothing_is_left_of_a_bad_download(
    tmp_path: Path, transport: httpx.MockTransport, problem: str
) -> None:
    with pytest.raises(ModelInvalid, match=problem):
        fetch_checkpoint("original", into=tmp_path, base=BASE, largest=100, transport=transport)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("releases")
def test_a_full_hash_of_the_callers_own_must_fit_too(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="has sha256"):
        fetch_checkpoint("original", into=tmp_path, sha256="0" * 64, base=BASE, transport=_serve())


@pytest.mark.usefixtures("releases")
def test_plain_http_is_refused(tmp_path: Path) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=BODY))
    with pytest.raises(ModelInvalid, match="led away from https"):
        fetch_checkpoint(
            "original", into=tmp_path, base="http://releases.example", transport=transport
        )


def test_an_unknown_kind_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="multilingual"):
        fetch_checkpoint("other", into=tmp_path)


def test_every_release_states_how_its_hash_begins() -> None:
    for release in RELEASES.values():
        assert release.path.endswith(f"-{release.sha256_prefix}.ckpt")
