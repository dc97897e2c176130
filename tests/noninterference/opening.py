"""The application of an installation for many histories, started on an empty database and called in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest
from litestar import Litestar

import house
from conftest import Database
from house import open_house
from infohus.demo.issuer import DemoIssuers
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.identity import issuers
from infohus.kernel.identity.issuers import ROLES_OF_KIND
from infohus.kernel.sealing.signatures import Signers
from infohus.web import authentication
from noninterference.installation import ISSUERS, KINDS, PARTIES, PET, Installation, address_of, authority_id
from noninterference.shuffling import shuffling
from stopped_clock import StoppedClock


@asynccontextmanager
async def open_installation(
    database: Database, folder: Path, *, places: int
) -> AsyncIterator[Installation]:
    """Open an application with room for `places` runs on an empty, migrated database."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    ordinary = DemoIssuers.issuers_toml

    def with_many(two: DemoIssuers) -> str:
        return ordinary(two) + "".join(_issuer(side, place) for place in range(places) for side in PARTIES)

    with pytest.MonkeyPatch.context() as patch, shuffling():
        patch.setattr(DemoIssuers, "issuers_toml", with_many)
        patch.setattr(issuers, "keys_in_file", cache(issuers.keys_in_file))  # two files serve all issuers
        patch.setattr(PooledSigner, "sign_every", _never)  # it signs by a clock of its own
        patch.setattr(authentication, "logger", SimpleNamespace(info=_unsaid))  # a line for each request takes its time
        patch.setattr(house, "AsyncTestClient", _in_this_loop)  # the client's own would serve from another thread
        clock = StoppedClock.installed(patch)
        later = [authority_id(side, place) for place in range(places) for side in PARTIES]
        async with open_house(database, folder, more_keys_of=later) as opened:
            connection = await asyncpg.connect(opened.superuser)
            await connection.execute(
                "INSERT INTO infohus.authority VALUES ($1, 'PET', 'security_service', 'pet', NULL)", PET
            )
            try:
                signers = await asyncio.to_thread(Signers.read, opened.settings.signers_file)
                yield Installation(opened, clock, connection, signers, places)
            finally:
                await connection.close()


@asynccontextmanager
async def _in_this_loop(app: Litestar) -> AsyncIterator[None]:
    """Keep an application running in a task of its own: what its start enters must be left by the same task."""
    started, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await over.wait()

    living = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not started.is_set():
        waiting.cancel()
        await living
    try:
        yield
    finally:
        over.set()
        await living


def _unsaid(_event: str, **_more: object) -> None:
    """Say nothing of a request."""


async def _never(_signer: PooledSigner, _seconds: float) -> None:
    """Sign when a checkpoint is asked for, and at no other time."""


def _issuer(side: str, place: int) -> str:
    kind = KINDS[side]
    return (
        f'[[issuer]]\nurl = "{address_of(side, place)}"\nauthority = "{authority_id(side, place)}"\nkind = "{kind}"\n'
        f'roles = {sorted(role.value for role in ROLES_OF_KIND[kind])}\nkeys_file = "{ISSUERS[side]}.json"\n'
    )
