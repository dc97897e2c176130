"""The newest checkpoint of each log, remembered in a folder: what was said once is on the disk before it is said.

A witness remembers what it cosigned, a signer what it signed. A database can be put back, this folder must never be.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from infohus.kernel.audit.formats.checkpoint import Checkpoint, NotACheckpoint, parse_text, split_note


class StateNotReadable(Exception):  # noqa: N818 - names the situation
    """What was remembered of a log can no longer be read; nobody starts again from nothing by himself."""


class CheckpointStore:
    """One folder with one file per log."""

    def __init__(self, folder: Path) -> None:
        """Remember in `folder`, which is made when missing."""
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def note(self, origin: str) -> str | None:
        """Give the signed checkpoint remembered of a log; none when there never was one.

        Raises:
            StateNotReadable: it is damaged.
        """
        try:
            note = self._file(origin).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            raise StateNotReadable from None
        if _checkpoint_in(note).origin != origin:
            raise StateNotReadable
        return note

    def checkpoint(self, origin: str) -> Checkpoint | None:
        """Give what the remembered checkpoint says.

        Raises:
            StateNotReadable: it is damaged.
        """
        note = self.note(origin)
        return None if note is None else _checkpoint_in(note)

    def origins(self) -> list[str]:
        """List the logs of which something is remembered.

        Raises:
            StateNotReadable: one is damaged.
        """
        try:
            notes = [file.read_text(encoding="utf-8") for file in sorted(self._folder.glob("*.checkpoint"))]
        except (OSError, UnicodeDecodeError):
            raise StateNotReadable from None
        return [_checkpoint_in(note).origin for note in notes]

    def remember(self, origin: str, note: str) -> None:
        """Remember a signed checkpoint durably; when this returns, it survives the machine's fall."""
        file = self._file(origin)
        fresh = file.with_suffix(".new")
        with fresh.open("w", encoding="utf-8", newline="\n") as written:
            written.write(note)
            written.flush()
            os.fsync(written.fileno())
        # Dies before this line: the earlier checkpoint stands, and nothing was said of the new one yet.
        fresh.replace(file)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock, against other threads and other processes alike."""
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _file(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.checkpoint"


def _checkpoint_in(note: str) -> Checkpoint:
    try:
        return parse_text(split_note(note)[0])
    except NotACheckpoint:
        raise StateNotReadable from None
