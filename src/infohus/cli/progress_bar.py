"""A progress bar for commands that take long; not drawn when stderr is no terminal."""

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class ProgressBar:
    """A context manager that shows a bar on stderr; entering gives a function that takes how much is done so far."""

    def __init__(self, total: int | None, what: str = "Kontrollerer") -> None:
        """Take the whole amount, `None` when unknown, and the label."""
        self._progress = Progress(
            TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Callable[[int], None]:
        """Show the bar."""
        self._progress.start()
        return lambda done: self._progress.update(self._task, completed=done)

    def __exit__(self, *_: object) -> None:
        """Remove the bar."""
        self._progress.stop()
