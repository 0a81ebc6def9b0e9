"""What strace writes is read as it is meant."""

from __future__ import annotations

from pathlib import Path

from torture.strace import read_calls

TRACE = r"""12 pwrite64(7</d/gateway.db-wal>, "a\0\"\n\\\377", 6, 32) = 6
12 write(9<TCP:[127.0.0.1:4000->127.0.0.1:80]>, "POST <x>", 8 <unfinished ...>
13 fdatasync(7</d/gateway.db-wal> <unfinished ...>
12 <... write resumed>) = 8
13 <... fdatasync resumed>) = -1 EIO (Input/output error) (INJECTED)
12 recvfrom(4<UNIX-STREAM:[3->4]>, "COMMIT", 64, 0, NULL, NULL) = 6
12 ftruncate(7</d/gateway.db>, 4096)  = 0
12 pwrite64(7</d/gateway.db>, "", 0, 0 <unfinished ...>) = ?
12 +++ killed by SIGKILL +++
"""


def test_calls_are_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(TRACE)
    write, send, sync, read, cut, last = read_calls(log)
    assert (write.thread, write.name, write.target) == (12, "pwrite64", "/d/gateway.db-wal")
    assert write.data == b'a\0"\n\\\xff'
    assert (write.offset, write.result, write.began, write.ended) == (32, 6, 0, 0)
    assert send.target == "TCP:[127.0.0.1:4000->127.0.0.1:80]"
    assert (send.data, send.began, send.ended, send.result) == (b"POST <x>", 1, 3, 8)
    assert (sync.began, sync.ended, sync.result) == (2, 4, -1)
    assert (read.target, read.data) == ("UNIX-STREAM:[3->4]", b"COMMIT")
    assert (cut.offset, cut.result) == (4096, 0)
    assert (last.ended, last.result) == (None, None)
