from __future__ import annotations

from pathlib import Path

from gateway.trail.blocks import BlockFile

ROOTS = [bytes([number]) * 32 for number in range(5)]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = BlockFile(tmp_path / "blocks", origin="a")
    assert file.read(10) == []
    file.write(0, ROOTS[:2])
    file.write(2, ROOTS[2:])
    assert file.read(10) == ROOTS
    assert file.read(3) == ROOTS[:3]
    assert (tmp_path / "blocks").stat().st_mode & 0o777 == 0o600


def test_a_torn_end_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "blocks"
    file = BlockFile(path, origin="a")
    file.write(0, ROOTS)
    path.write_bytes(path.read_bytes()[:-1])
    assert file.read(10) == ROOTS[:4]
    path.write_bytes(b"torn")
    assert file.read(10) == []


def test_another_logs_file_is_not_used(tmp_path: Path) -> None:
    BlockFile(tmp_path / "blocks", origin="a").write(0, ROOTS)
    other = BlockFile(tmp_path / "blocks", origin="b")
    assert other.read(10) == []
    other.write(0, ROOTS[:1])
    assert other.read(1) == ROOTS[:1]


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    file = BlockFile(tmp_path / "missing" / "blocks", origin="a")
    file.write(0, ROOTS)
    assert file.read(10) == []
