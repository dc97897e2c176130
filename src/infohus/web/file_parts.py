"""How the parts that are files are asked for `/ready`: keys, policies, room on the disks, tasks in the background.

The database is asked in `kernel/database/readiness.py`, the signer and its witnesses in `kernel/audit/signing/`.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from infohus.errors import Refused
from infohus.kernel.authorization.policies import Policies, PoliciesUnsound
from infohus.kernel.database.readiness import PartNotReady

_MEGABYTE = 1_048_576
Ask = Callable[[], Awaitable[None]]


class ReadableKeys(Protocol):
    """What is asked of the key keeper."""

    def authorities(self) -> set[str]:
        """Name the authorities whose keys there are."""

    def require_keys_of(self, authority_ids: Iterable[str]) -> None:
        """Raise `PartNotReady` unless each authority's keys are readable."""


def keys_of(keeper: ReadableKeys, carriers: Callable[[], Awaitable[Collection[str]]]) -> Ask:
    """Ask whether the keys are readable of each authority that had some at the start, or that carries an infohus."""
    known = keeper.authorities()

    async def ask() -> None:
        wanted = set(known)
        # While the database is away, which is another part, those known at the start are asked.
        with suppress(Refused):
            wanted |= set(await carriers())
        await asyncio.to_thread(keeper.require_keys_of, sorted(wanted))

    return ask


def unchanged_policies(policies: Policies, folder: Path) -> Ask:
    """Ask whether the policies on the disk are those that decide; else a restart would decide otherwise, or fail."""

    async def ask() -> None:
        try:
            await asyncio.to_thread(policies.require_unchanged, folder)
        except PoliciesUnsound as failure:
            raise PartNotReady(why="changed-or-unreadable") from failure

    return ask


def room_on_disks(folders: Mapping[str, Path], *, least_megabytes: int) -> Ask:
    """Ask whether there is so much free space where each of these folders is."""

    async def ask() -> None:
        wrong = []
        for name, folder in folders.items():
            try:
                free = (await asyncio.to_thread(shutil.disk_usage, folder)).free // _MEGABYTE
            except OSError as failure:
                wrong.append(f"{name}-{type(failure).__name__}")
                continue
            if free < least_megabytes:
                wrong.append(f"{name}-{free}-MB-free")
        if wrong:
            raise PartNotReady(why=" ".join(wrong))

    return ask


def living_tasks(tasks: Iterable["asyncio.Task[None]"]) -> Ask:
    """Ask whether none of these tasks, which should never end, has ended."""
    named = tuple(tasks)

    async def ask() -> None:
        if ended := [task.get_name() for task in named if task.done()]:
            raise PartNotReady(why=" ".join(ended))

    return ask
