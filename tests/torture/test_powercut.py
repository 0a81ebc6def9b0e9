"""Only what was synced is on the disk."""

from __future__ import annotations

from pathlib import Path

from torture.powercut import SimulatedDisk, sent_messages
from torture.strace import read_calls


def _cuts(
    tmp_path: Path, trace: str, moments: set[int], *, torn: bool = False
) -> list[dict[str, bytes]]:
    before, place = tmp_path / "before", tmp_path / "place"
    before.mkdir()
    (before / "gateway.db").write_bytes(b"....")
    log = tmp_path / "log"
    log.write_text(trace.replace("PLACE", str(place)))
    return [
        cut.files for cut in SimulatedDisk(read_calls(log), before, place).cuts(moments, torn=torn)
    ]


TRACE = """1 pwrite64(3<PLACE/gateway.db-wal>, "ab", 2, 0) = 2
1 fdatasync(3<PLACE/gateway.db-wal>) = 0
1 fsync(4<PLACE>) = 0
1 pwrite64(3<PLACE/gateway.db-wal>, "cd", 2, 2) = 2
1 pwrite64(3<PLACE/gateway.db-wal>, "ef", 2, 4) = 2
2 fdatasync(3<PLACE/gateway.db-wal> <unfinished ...>
1 pwrite64(3<PLACE/gateway.db-wal>, "X", 1, 0) = 1
2 <... fdatasync resumed>) = 0
1 ftruncate(5<PLACE/gateway.db>, 0) = 0
"""


def test_writes_last_once_they_are_synced_and_files_once_their_names_are(tmp_path: Path) -> None:
    start = {"gateway.db": b"...."}
    found = _cuts(tmp_path, TRACE, {1, 2, 3, 5, 8, 20})
    assert found == [
        start,
        start,
        start | {"gateway.db-wal": b"ab"},
        start | {"gateway.db-wal": b"ab"},
        start | {"gateway.db-wal": b"abcdef"},  # not what was written after the sync began
        start | {"gateway.db-wal": b"abcdef"},
    ]


def test_a_disk_may_keep_a_later_write_and_lose_an_earlier_one(tmp_path: Path) -> None:
    (found,) = _cuts(tmp_path, TRACE, {5}, torn=True)
    assert found["gateway.db-wal"] == b"ab\0\0ef"


def test_what_leaves_is_told_apart(tmp_path: Path) -> None:
    out, back = "7<TCP:[127.0.0.1:5000->127.0.0.1:90]>", "8<TCP:[127.0.0.1:80->127.0.0.1:6000]>"
    head = r"POST /plain HTTP/1.1\r\nIdempotency-Key: msg_1\r\n\r\n"
    body = r'"{\"message_id\":\"msg_1\"}", 22) = 22'
    log = tmp_path / "log"
    log.write_text(
        f'1 write({out}, "{head}", 50) = 50\n'
        f"1 write({out}, {body}\n"
        f'1 write({back}, "HTTP/1.1 202 Accepted", 25) = 25\n'
        f"1 write({back}, {body}\n"
    )
    request, answer = sent_messages(read_calls(log), 80, 90)
    assert (request.route, request.key, request.message_id) == ("plain", "msg_1", "msg_1")
    assert (request.began, request.ended) == (0, 1)
    assert (answer.route, answer.status, answer.began, answer.ended) == ("", 202, 2, 3)
