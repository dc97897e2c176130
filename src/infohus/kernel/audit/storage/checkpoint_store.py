"""The newest checkpoint of each log, kept in a folder; it is on the disk before the signature on it is given out.

A witness keeps what it cosigned, the signer what it signed. Databases are restored from backups; this folder never is.
Verifies no signature.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from infohus.kernel.audit.formats.checkpoint import Checkpoint, NotACheckpoint, parse_text, split_note


class StateNotReadable(Exception):  # noqa: N818 - names the situation
    """A stored checkpoint cannot be read. It is never replaced automatically: an operator has to decide."""


class CheckpointStore:
    """One folder with one file per log, shared by all processes that sign or cosign with one key."""

    def __init__(self, folder: Path) -> None:
        """Store in `folder`, which is made, mode 0700, when missing."""
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def note(self, origin: str) -> str | None:
        """Give the stored note of a log, `None` when there never was one.

        Raises:
            StateNotReadable: the file is damaged, or another log's.
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
        """Give the stored checkpoint of a log, `None` when there never was one.

        Raises:
            StateNotReadable: the file is damaged, or another log's.
        """
        note = self.note(origin)
        return None if note is None else _checkpoint_in(note)

    def origins(self) -> list[str]:
        """List the origins of the logs that have a checkpoint here.

        Raises:
            StateNotReadable: a file is damaged.
        """
        try:
            notes = [file.read_text(encoding="utf-8") for file in sorted(self._folder.glob("*.checkpoint"))]
        except (OSError, UnicodeDecodeError):
            raise StateNotReadable from None
        return [_checkpoint_in(note).origin for note in notes]

    def require_usable(self) -> None:
        """Read every stored checkpoint, and ask whether files may be made beside them; writes nothing.

        Raises:
            StateNotReadable: a file is damaged.
            OSError: the folder is none, is not ours to write in, or lies on a read-only file system.
        """
        self.origins()
        if not self._folder.is_dir():
            raise NotADirectoryError
        if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK) or os.statvfs(self._folder).f_flag & os.ST_RDONLY:
            raise PermissionError

    def remember(self, origin: str, note: str) -> None:
        """Store a signed checkpoint; when this returns, it is on the disk. The caller holds the lock."""
        file = self._file(origin)
        fresh = file.with_suffix(".new")
        with fresh.open("w", encoding="utf-8", newline="\n") as written:
            written.write(note)
            written.flush()
            os.fsync(written.fileno())
        # Dies before this line: the earlier checkpoint stands, and the new signature was not given out.
        fresh.replace(file)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock, which keeps out other threads and other processes; waits for it."""
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
