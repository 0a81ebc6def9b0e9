"""The command: `python -m gateway.verifier`, or the zipapp that `make verifier` builds.

Exit codes: 0 verified, 1 not verified, 2 the input cannot be judged.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from gateway.verifier.anchors import AuditorInput
from gateway.verifier.evidence import Evidence, UnusableInput
from gateway.verifier.examine import examine
from gateway.verifier.note import ED25519, MAX_NOTE, MalformedNote, SignedCheckpoint, TrustedKey
from gateway.verifier.page import as_page
from gateway.verifier.report import as_json, as_text

_BAR_WIDTH = 30  # characters of the progress bar
_BAR_EVERY_S = 0.2  # seconds between two updates of the progress bar
_MAX_STAMPS = 100_000  # time stamps that are written: a crafted file must not fill the disk


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    given = _parser().parse_args(arguments)
    # Texts from the file may hold characters that this terminal cannot show.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _verify_file(given)
    except UnusableInput as error:
        _write_line(sys.stderr, f"cannot be judged: {error}")
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="avatar-gateway-verifier",
        description="Verify an export of an audit log, without trust in who made it.",
        epilog="Exit codes: 0 verified, 1 not verified, 2 the input cannot be judged.",
    )
    parser.add_argument("evidence", help="the file; may be compressed with gzip; - for stdin")
    log_key = "public key of the log, name+id+base64, as you got it from elsewhere; repeat"
    kept = "a checkpoint of the log that you kept; repeat"
    witness = "public key of a witness that must have cosigned; repeat"
    trust = "take the keys named in the file for the log's: shows that it agrees with itself, only"
    several: dict[str, Any] = {"action": "append", "default": []}
    add = parser.add_argument
    add("--key", metavar="KEY", help=log_key, **several)
    add("--checkpoint", metavar="FILE", type=Path, help=kept, **several)
    add("--witness-key", metavar="KEY", help=witness, **several)
    add("--trust-keys-in-file", action="store_true", help=trust)
    stamps = "write the time stamps there, and what they stamp, to be checked with openssl"
    add("--stamps", type=Path, metavar="FOLDER", help=stamps)
    add("--json", action="store_true", help="the report as JSON")
    add("--html", type=Path, metavar="FILE", help="write the report as a page, too")
    add("--quiet", action="store_true", help="no progress bar")
    return parser


def _verify_file(given: argparse.Namespace) -> int:
    auditor = AuditorInput(
        keys=[_parse_key(text) for text in given.key],
        kept=[(path.name, _read_kept(path)) for path in given.checkpoint],
        witnesses=[_parse_key(text, witness=True) for text in given.witness_key],
        trust_file=given.trust_keys_in_file,
    )
    with ExitStack() as stack:
        try:
            name = given.evidence
            file = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise UnusableInput(f"{given.evidence}: {error.strerror}") from error
        evidence = Evidence(file, Path(name).name if name != "-" else "standard input")
        shown = sys.stderr.isatty() and not given.quiet
        progress = _progress_bar(evidence) if shown else lambda entries: None
        report = examine(evidence, auditor, progress, _stamp_writer(given.stamps))
        if shown:
            sys.stderr.write("\r\033[K")
    if given.html:
        try:
            given.html.write_text(as_page(report), encoding="utf-8")
        except OSError as error:
            raise UnusableInput(f"{given.html}: {error.strerror}") from error
    _write_line(sys.stdout, as_json(report) if given.json else as_text(report))
    return 0 if report.verified else 1


def _parse_key(text: str, *, witness: bool = False) -> TrustedKey:
    try:
        key = TrustedKey.parse(text)
    except MalformedNote as error:
        raise UnusableInput(f"the key {text[:60]!r}: {error}. Copy it whole") from error
    if witness and key.kind == ED25519:
        raise UnusableInput(f"the key {text[:60]!r} is that of a log, not of a witness")
    return key


def _read_kept(path: Path) -> SignedCheckpoint:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_NOTE + 1).decode()
        return SignedCheckpoint.parse(text.replace("\r\n", "\n"))
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}") from error
    except (MalformedNote, UnicodeDecodeError) as error:
        raise UnusableInput(
            f"{path}: this is no checkpoint ({error}). Give the file as kept"
        ) from error


def _stamp_writer(folder: Path | None) -> Callable[[int, str, bytes], None]:
    """A function that writes checkpoint-SIZE.txt, and checkpoint-SIZE-NUMBER.tsr for each of its
    stamps, for `openssl ts -verify -data … -in …`. Without a folder it writes nothing."""
    number = 0

    def write_stamp(size: int, text: str, response: bytes) -> None:
        nonlocal number
        if folder is None or number >= _MAX_STAMPS:
            return
        number += 1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"checkpoint-{size}.txt").write_bytes(text.encode())
            (folder / f"checkpoint-{size}-{number}.tsr").write_bytes(response)
        except OSError as error:
            raise UnusableInput(f"{folder}: {error.strerror}") from error

    return write_stamp


def _progress_bar(evidence: Evidence) -> Callable[[int], None]:
    began = shown = time.monotonic()

    def progress(entries: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < _BAR_EVERY_S:
            return
        shown = now
        line = f"{entries:,} entries"
        if evidence.total:
            share = min(1.0, evidence.read / evidence.total)
            left_s = (now - began) * (1 / share - 1) if share else 0
            bar = "#" * int(share * _BAR_WIDTH)
            line = f"[{bar:{_BAR_WIDTH}}] {share:4.0%}  {line}, {left_s:.0f} s left"
        sys.stderr.write(f"\r{line}\033[K")
        sys.stderr.flush()

    return progress


def _write_line(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
