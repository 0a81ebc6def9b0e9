from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.errors import PolicyInvalid
from gateway.policy.packs.bundles import pack, unpack
from gateway.policy.packs.signing import BundleSigningKey, BundleVerificationKey
from gateway.policy.packs.source import load_snapshot, read_folder
from tests.bundle_keys import key_pair

Write = Callable[[Mapping[str, str]], Path]


def tarred(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members:
            about = tarfile.TarInfo(name)
            about.size, about.type = len(content), kind
            tar.addfile(about, io.BytesIO(content))
    return out.getvalue()


def test_what_is_packed_is_unpacked(shipped: Path) -> None:
    private, public = key_pair()
    content = pack(read_folder(shipped), key=BundleSigningKey(private))
    snapshot, before = unpack(content, key=BundleVerificationKey(public)), load_snapshot(shipped)
    assert snapshot.bundle == before.bundle
    assert snapshot.phrases == before.phrases
    assert snapshot.schemas == before.schemas
    assert snapshot.tests == ()
    unsigned = pack(read_folder(shipped), key=None)
    assert unsigned == pack(read_folder(shipped), key=None)
    assert unpack(unsigned, key=None).bundle == before.bundle


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_opa_verifies_our_bundles_and_we_verify_its(
    opa: str, shipped: Path, tmp_path: Path, kind: str
) -> None:
    private, public = key_pair(kind)
    (tmp_path / "private.pem").write_bytes(private)
    (tmp_path / "public.pem").write_bytes(public)
    key = BundleSigningKey(private)
    ours = tmp_path / "ours.tar.gz"
    ours.write_bytes(pack(read_folder(shipped), key=key))
    checks = ["--verification-key", "public.pem", "--signing-alg", key.algorithm]

    def ask(*arguments: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [opa, *arguments], cwd=cwd, capture_output=True, text=True, check=False
        )

    built = ask("build", "-b", "ours.tar.gz", "-o", "out.tar.gz", *checks)
    assert built.returncode == 0, built.stderr
    digest = ask("eval", "-f", "raw", "-b", "ours.tar.gz", "data.gateway_bundle.answer.digest")
    assert digest.stdout.strip() == load_snapshot(shipped).bundle.digest

    with tarfile.open(ours) as tar:
        tar.extractall(tmp_path / "tree", filter="data")
    (tmp_path / "tree/.signatures.json").unlink()
    signed = ask(
        *("sign", "--signing-key", "../private.pem", "--signing-alg", key.algorithm),
        *("--bundle", "."),
        cwd=tmp_path / "tree",
    )
    assert signed.returncode == 0, signed.stderr
    theirs = tmp_path / "theirs.tar.gz"
    with tarfile.open(theirs, "w:gz") as tar:
        tar.add(tmp_path / "tree", arcname=".")
    unpacked = unpack(theirs.read_bytes(), key=BundleVerificationKey(public))
    assert unpacked.bundle == load_snapshot(shipped).bundle

    (tmp_path / "tree/main.rego").write_text("package gateway\n", encoding="utf-8")
    with tarfile.open(theirs, "w:gz") as tar:
        tar.add(tmp_path / "tree", arcname=".")
    with pytest.raises(PolicyInvalid, match=r"main\.rego: it is not the file that was signed"):
        unpack(theirs.read_bytes(), key=BundleVerificationKey(public))


def test_hostile_archives_are_refused() -> None:
    for content, wrong in (
        (b"", "no tar.gz"),
        (b"PK\x03\x04", "no tar.gz"),
        (tarred(("../main.rego", b"x")), "leads out"),
        (tarred(("main.rego", b"x"), ("./main.rego", b"y")), "twice"),
        (tarred(("main.rego", b""), kind=tarfile.SYMTYPE), "no plain file"),
        (tarred(("main.rego", b" " * (2 << 20))), "larger than"),
        (tarred(*((f"{n}/data.yaml", b"{}") for n in range(4_100))), "more than"),
        (tarred(("a/data.yaml", b"{}")), "no policies"),
    ):
        with pytest.raises(PolicyInvalid, match=wrong):
            unpack(content, key=None)
