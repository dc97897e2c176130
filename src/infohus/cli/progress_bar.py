"""A progress bar for the commands that take long; nothing is drawn where nobody looks."""

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class ProgressBar:
    """A bar on stderr for work of known or unknown size; entered, it gives what is told how much is done."""

    def __init__(self, total: int | None, what: str = "Kontrollerer") -> None:
        """Say what is done, and of how much."""
        self._progress = Progress(
            TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Callable[[int], None]:
        """Show it."""
        self._progress.start()
        return lambda done: self._progress.update(self._task, completed=done)

    def __exit__(self, *_: object) -> None:
        """Take it away again."""
        self._progress.stop()
