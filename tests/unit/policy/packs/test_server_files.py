from __future__ import annotations

import json
from pathlib import Path

from gateway.policy.packs.server_files import server_files, write_bundle
from gateway.policy.packs.source import RESERVED, Snapshot


def test_a_server_gets_the_digest_too(shop_snapshot: Snapshot) -> None:
    files = server_files(shop_snapshot)
    assert files.data[RESERVED] == {"digest": shop_snapshot.bundle.digest}
    assert files.data["shop"] == shop_snapshot.data["shop"]
    assert [module.path for module in files.modules] == [
        "main.rego",
        "shop/word/word.rego",
        "gateway_bundle/answer.rego",
    ]


def test_a_bundle_on_disk(shop_snapshot: Snapshot, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    written = write_bundle(shop_snapshot, out)
    assert sorted(str(path.relative_to(out)) for path in written) == [
        ".manifest",
        "data.json",
        "gateway_bundle/answer.rego",
        "main.rego",
        "shop/word/word.rego",
    ]
    data = json.loads((out / "data.json").read_text(encoding="utf-8"))
    assert data[RESERVED]["digest"] == shop_snapshot.bundle.digest
    manifest = json.loads((out / ".manifest").read_text(encoding="utf-8"))
    assert manifest == {"revision": shop_snapshot.bundle.digest, "rego_version": 1}
