"""`witness`: cosign the checkpoints of logs that others keep."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.api.server import bound, listen, serve_app
from gateway.api.witness import WitnessApp
from gateway.errors import InvalidField, LogInvalid
from gateway.keyring import Keyring
from gateway.trail.note import NoteKey
from gateway.trail.witness import Cosigner, Witness


def add(app: typer.Typer) -> None:
    @app.command()
    def witness(
        key: Annotated[
            list[str],
            typer.Option(
                help="Key of a log that is watched, as its `keys show` prints it; repeat for "
                "several logs, and for the old and the new key of one that rotates them."
            ),
        ],
        name: Annotated[
            str, typer.Option(help="Name of this witness: a domain you own and a path.")
        ],
        listen_on: Annotated[
            str, typer.Option("--listen", help="Address and port.")
        ] = "127.0.0.1:8500",
        origin: Annotated[
            str | None, typer.Option(help="Origin of the log. Default: the name in each key.")
        ] = None,
        state: Annotated[
            Path,
            typer.Option(
                help="Folder for its key and the checkpoints it saw. Never share or restore it."
            ),
        ] = Path("witness"),
        post_quantum: Annotated[
            bool, typer.Option("--post-quantum", help="Cosign with ML-DSA-44 as well.")
        ] = False,
    ) -> None:
        """Watch logs, and cosign each checkpoint that is consistent with all that was seen
        before (c2sp.org/tlog-witness). Run it where the log's operator has no say. It prints the
        keys of its cosignatures: give the first to whoever asks it or checks proofs."""
        host, port = _parse_address(listen_on)
        keyring = Keyring.open_or_create(state / "keys")
        own_witness = Witness(
            logs=_watched_logs(key, origin),
            cosigner=_make_cosigner(name, keyring, post_quantum=post_quantum),
            folder=state,
            now=lambda: datetime.now(UTC),
        )
        try:
            asyncio.run(_serve_witness(own_witness, host, port))
        finally:
            own_witness.close()


async def _serve_witness(witness: Witness, host: str, port: int) -> None:
    with bound(host, port) as sockets:
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"http://{shown}:{listen(sockets)}")
        for key in witness.keys:
            typer.echo(str(key))
        await serve_app(WitnessApp(witness), sockets)


def _watched_logs(keys: list[str], origin: str | None) -> dict[str, list[NoteKey]]:
    logs: dict[str, list[NoteKey]] = {}
    for text in keys:
        try:
            key = NoteKey.parse(text)
        except LogInvalid as error:
            raise InvalidField(
                "--key", error.problem, "Copy it whole: name, id and base64, with plus between."
            ) from None
        logs.setdefault(origin or key.name, []).append(key)
    return logs


def _make_cosigner(name: str, keyring: Keyring, *, post_quantum: bool) -> Cosigner:
    try:
        return Cosigner(name=name, keyring=keyring, post_quantum=post_quantum)
    except ValueError as error:
        raise InvalidField("--name", str(error), "Such as witness.example/w1.") from None


def _parse_address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise InvalidField("--listen", f"{text} is no address", "Write it as 127.0.0.1:8500.")
    return host.strip("[]"), int(port)
