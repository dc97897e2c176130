"""The keys and settings of a test's installation: its authorities', its log's, and its identity providers' keys."""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from infohus.clock import now
from infohus.demo.issuer import DemoIssuers
from infohus.demo.keys import DemoKey, demo_keys
from infohus.kernel.access.intake_keys import store_intake_keys
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.signatures import Signers, add_signers
from infohus.settings import Settings


class Addresses(Protocol):
    """A database as `conftest.Database` gives it."""

    @property
    def furniture(self) -> "Furniture | None":
        """Say what stands in it already, where it was cloned from a database of a house."""

    def dsn(self, role: Any, /) -> str:
        """Give the address to connect as a role."""


@dataclass(frozen=True, slots=True)
class Furniture:
    """What all houses of a process begin with: an infohus whose rows a database has, and the keys that go with them."""

    infohus_id: UUID
    folder: Path

    def copy_keys(self, folder: Path) -> None:
        """Give a house its own copy of the keys, for it to change."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)


def environment_of(settings: Settings) -> dict[str, str]:
    """Give the variables without which the service does not start."""
    return {
        "INFOHUS_DATABASE_URL": settings.database_url, "INFOHUS_KEYS_DATABASE_URL": settings.keys_database_url,
        "INFOHUS_SIGNER_DATABASE_URL": settings.signer_database_url,
        "INFOHUS_KEYS_FOLDER": str(settings.keys_folder), "INFOHUS_SIGNERS_FILE": str(settings.signers_file),
        "INFOHUS_ISSUERS_FILE": str(settings.issuers_file),
    }


@cache
def issuer_keys() -> dict[str, DemoKey]:
    """Make the issuers' keys, once per process: making an RSA key takes longer than most tests."""
    with TemporaryDirectory() as folder:
        return demo_keys(Path(folder) / "issuers")


def make_keys(folder: Path, authorities: Sequence[str], infohus_id: UUID) -> None:
    """Make the keys of an installation, in `keys`, and the file of its signers, `signers.toml`."""
    keeper = FileKeyKeeper.create(folder / "keys", authorities, [infohus_id])
    SigningKey.create(folder / "keys" / "log-signing.key")
    add_signers(folder / "signers.toml", [keeper.signer_key(authority) for authority in authorities])


def issuers_with_their_keys(issuers: DemoIssuers, folder: Path) -> str:
    """Give `issuers.toml`, in which the issuers' keys are files instead of addresses to fetch."""
    text = issuers.issuers_toml()
    for name in ("kommune", "politi"):
        (folder / f"{name}.json").write_text(json.dumps(issuers.key_set(name)), encoding="utf-8")
        text = text.replace(f'keys_url = "{issuers.address(name)}/jwks"', f'keys_file = "{name}.json"')
    return text


async def make_intake_keys(address: str, folder: Path, infohus_id: UUID, authorities: Iterable[str]) -> None:
    """Make the intake keys of an infohus' authorities, with the keys that `make_keys` made in `folder`."""
    connection = await asyncpg.connect(address)
    try:
        async with connection.transaction():
            await store_intake_keys(
                connection, FileKeyKeeper(folder / "keys"), Signers.read(folder / "signers.toml"),
                infohus_id=infohus_id, authority_ids=authorities, at=now(),
            )
    finally:
        await connection.close()
