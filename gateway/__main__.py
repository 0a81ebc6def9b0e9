"""Start: `avatar-gateway` or `python -m gateway`."""

from __future__ import annotations

import gc


def main() -> None:
    gc.disable()  # what importing makes stays: looking through it for garbage is a tenth of it
    from gateway.assembly import commands  # noqa: PLC0415 - after that
    from gateway.cli.app import main as run_command_line  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    run_command_line(commands.command_services())


if __name__ == "__main__":
    main()
