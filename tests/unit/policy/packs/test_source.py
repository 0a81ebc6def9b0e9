from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.errors import PolicyInvalid
from gateway.policy.packs.source import MAX_FILE_BYTES, Snapshot, load_snapshot

Of = Callable[[Mapping[str, str | bytes]], Snapshot]
ONE = {"a.rego": "package a\n"}


def test_files_are_sorted_into_their_kinds(shop_snapshot: Snapshot) -> None:
    assert [module.path for module in shop_snapshot.modules] == ["main.rego", "shop/word/word.rego"]
    assert [test.path for test in shop_snapshot.tests] == [
        "main_test.rego",
        "shop/word/word_test.rego",
    ]
    assert sorted(shop_snapshot.schemas) == ["creator.schema.json", "input.schema.json"]


def test_data_is_rooted_at_its_directory(shop_snapshot: Snapshot) -> None:
    assert shop_snapshot.data == {
        "shop": {"pack": {"title": "Shop", "version": "1.2.0"}, "word": {"forbidden": "secret"}}
    }
    assert shop_snapshot.bundle.revisions == {"shop": "1.2.0"}


def test_other_files_are_left_alone(snapshot_of: Of) -> None:
    snapshot = snapshot_of(
        ONE
        | {
            "README.md": "x",
            "x/examples.yaml": "]",
            "x/data.yml": "]",
            ".git/data.yaml": "]",
            "x/.hidden.rego": "]",
        }
    )
    assert len(snapshot.modules) == 1
    assert snapshot.data == {}


def test_phrases_are_kept_apart_from_data(snapshot_of: Of) -> None:
    snapshot = snapshot_of(ONE | {"p/r/r.phrases.yaml": "list: p.r\n"})
    assert [(file.path, file.value) for file in snapshot.phrases] == [
        ("p/r/r.phrases.yaml", {"list": "p.r"})
    ]
    assert snapshot.data == {}


def test_the_digest_covers_what_decides(write: Callable[..., Path], shop: dict[str, str]) -> None:
    digests = set()
    for name in (None, "shop/word/word.rego", "shop/word/data.yaml", "x.phrases.yaml"):
        if name is not None:
            shop[name] = shop.get(name, "") + "# more\n"
        digests.add(load_snapshot(write(shop)).bundle.digest)
    assert len(digests) == 4
    assert all(len(digest) == 64 for digest in digests)


def test_the_digest_leaves_out_what_does_not(
    write: Callable[..., Path], shop: dict[str, str]
) -> None:
    before = load_snapshot(write(shop)).bundle.digest
    shop["main_test.rego"] += "# more\n"
    shop["README.md"] = "more"
    assert load_snapshot(write(shop)).bundle.digest == before


def test_the_digest_knows_where_a_file_ends(snapshot_of: Of, tmp_path: Path) -> None:
    first = snapshot_of({"a.rego": "package a\nx", "b.rego": "package b\n"}).bundle.digest
    second = snapshot_of({"a.rego": "package a\n", "b.rego": "xpackage b\n"}).bundle.digest
    assert first != second


def test_files_below_a_linked_directory_are_not_read(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    root = write(ONE)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b.rego").write_text("package b\n")
    (root / "linked").symlink_to(tmp_path / "outside")
    assert len(load_snapshot(root).modules) == 1


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "no such directory"),
        ({"README.md": "x"}, "no policies"),
        (ONE | {"data.yaml": "x: 1", "data.json": '{"x": 2}'}, "data.x is defined"),
        (ONE | {"p/data.yaml": "r: 1", "p/r/data.yaml": "a: 1"}, "data.p.r is defined"),
        (ONE | {"p/data.yaml": "[1]"}, "not a table"),
        (ONE | {"gateway_bundle/data.yaml": "digest: x"}, "reserved"),
        ({"a.rego": b"package a\n\xff"}, "a.rego:2: it is not UTF-8"),
        ({"a.rego": "\ufeffpackage a\n"}, "byte order mark"),
        ({"a.rego": "#" * (MAX_FILE_BYTES + 1)}, "larger than"),
    ],
)
def test_what_cannot_be_read_is_refused(
    write: Callable[..., Path], files: Mapping[str, str | bytes], problem: str
) -> None:
    with pytest.raises(PolicyInvalid, match=problem):
        load_snapshot(write(files))


def test_data_of_several_files_is_merged(snapshot_of: Of) -> None:
    snapshot = snapshot_of(ONE | {"p/data.yaml": "a: {x: 1}", "p/a/data.json": '{"y": 2}'})
    assert snapshot.data == {"p": {"a": {"x": 1, "y": 2}}}
    assert snapshot.data_json == '{"p":{"a":{"x":1,"y":2}}}'
