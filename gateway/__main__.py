"""Start: `avatar-gateway` or `python -m gateway`. Nothing heavy is imported before the command is
known: `--version`, `--help` and shell completion answer at once."""

from __future__ import annotations

from gateway.assembly.commands import command_services
from gateway.cli.app import main as run_command_line


def main() -> None:
    run_command_line(command_services())


if __name__ == "__main__":
    main()
