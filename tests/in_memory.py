"""A folder in memory for the tests' PostgreSQL: cloning a database there takes a third of the processor time."""

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

MEMORY = Path("/dev/shm")  # noqa: S108 - the folder that is made there is ours alone
_PREFIX = "infohus-tests-"
_ROOM_BYTES = 2 << 30
"""A process of the suite takes up to 400 MB there."""
_YOUNG_SECONDS = 60


@contextmanager
def folder_in_memory() -> Iterator[Path | None]:
    """Make a folder in memory and remove it at the end; give none where there is too little room."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < _ROOM_BYTES or _free_memory() < _ROOM_BYTES:
        yield None
        return
    _remove_what_nobody_holds()
    folder = Path(mkdtemp(prefix=_PREFIX, dir=MEMORY))
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _free_memory() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _remove_what_nobody_holds() -> None:
    """Remove the folders of processes that were killed: each living one holds a lock on its own."""
    for folder in MEMORY.glob(f"{_PREFIX}*"):
        state = folder.lstat()
        is_ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid()
        if not is_ours or time.time() - state.st_mtime < _YOUNG_SECONDS:  # a young one may not be locked yet
            continue
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)
