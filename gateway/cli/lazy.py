"""A group of commands that imports a command's module when that command is asked for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

Load = Callable[[str], typer.Typer]
"""Import the module of the named command and build it: an app that has this command alone."""


def lazy_group(helps: Mapping[str, str], load: Load) -> type[LazyGroup]:
    """Make the class of a group with the commands in `helps`, each with its line of help. Help and
    shell completion of the group show these lines and import nothing."""

    class Group(LazyGroup):
        def __init__(self, **options: Any) -> None:
            shown = {name: TyperCommand(name=name, help=line) for name, line in helps.items()}
            super().__init__(**{**options, "commands": shown})

        def load_command(self, name: str) -> TyperCommand | TyperGroup:
            with imports_uncollected():
                command = typer.main.get_group(load(name)).commands[name]
            assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101 - typer made it
            return command

    return Group


class LazyGroup(TyperGroup):
    """A group that holds only names and help lines, for listings; `load_command` gives the whole
    command when it is called."""

    def load_command(self, name: str) -> TyperCommand | TyperGroup:
        """Import and return the whole command `name`."""
        raise NotImplementedError

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        command = None if listed is None else self.load_command(str(listed.name))
        return name, command, rest


@contextmanager
def imports_uncollected() -> Iterator[None]:
    """Switch the garbage collector off during imports: modules are never freed, and looking
    through them for garbage takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
