"""Progress bars on stderr, shown only where that is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.transfer.outcome import Result, Summary

REFUSED = TextColumn("{task.fields[refused]:,} refused")


def make_progress_bar(*more: ProgressColumn) -> Progress:
    """A bar with what is done of the total, the percentage, `more` and the time left; hidden unless on a terminal."""
    console = Console(stderr=True)
    count = TextColumn("{task.completed:,} of {task.total:,}")
    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), TaskProgressColumn(), count, *more, TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


@contextmanager
def showing_import(name: str, summary: Summary, count_rows: Callable[[], int]) -> Iterator[Callable[[Summary], None]]:
    """Show a bar over the rows of a file, from those of `summary` on; yields what to call with each new one.

    The rows are counted only where the bar is shown.
    """
    with make_progress_bar(REFUSED) as progress:
        total = 0 if progress.disable else count_rows()
        task = progress.add_task(name, total=total, completed=summary.rows, refused=summary.counts[Result.REFUSED])
        shown = summary

        def show(now: Summary) -> None:
            nonlocal shown
            if now is not shown:  # once a chunk: the time left follows from the times between
                progress.update(task, completed=now.rows, refused=now.counts[Result.REFUSED])
                shown = now

        yield show
