"""Start: `avatar-gateway` or `python -m gateway`."""

from __future__ import annotations

from gateway import assembly
from gateway.cli.app import main as run_command_line


def main() -> None:
    run_command_line(assembly.workshop())


if __name__ == "__main__":
    main()
