"""Progress bars of long commands, on standard error; they vanish when the command ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int, int], None]
"""Called with the steps done so far and the steps in all."""


def progress_display() -> Progress:
    """Make a display of any number of tasks: description, bar, steps done and in all, time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


@contextmanager
def progress_bar(description: str) -> Iterator[Advance]:
    """Show one bar while the block runs; the block gets the function that moves it."""
    with progress_display() as display:
        task = display.add_task(description, total=None)
        yield lambda done, size: display.update(task, completed=done, total=size)
