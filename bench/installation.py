"""An installation to measure: a database made by the real migrations, keys, issuers, two authorities, and cases.

Concerns and exchanges are recorded through the measured server's API, so what is read later was sealed, granted and
logged by the product's own code. All persons and texts are invented.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
from served import Served, granian
from uuid_utils.compat import uuid7

from infohus.demo.issuer import DemoIssuers
from infohus.demo.keys import demo_keys
from infohus.demo.local_postgres import LocalPostgres
from infohus.demo.people import DEMO_PEOPLE, ISHOJ, VESTEGNEN
from infohus.kernel.access.intake_keys import store_intake_keys
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.database.schema import migrate
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.signatures import Signers, add_signers
from infohus.plan.intake_acts import make_intake_keys
from infohus.plan.loading import open_logs

REPOSITORY = Path(__file__).resolve().parents[1]
RECORDERS = 16
ROLES = ("owner", "app", "keys", "signer", "verifier")

EXCHANGE = {
    "recipients": [VESTEGNEN],
    "purpose": "clearance_check",
    "categories": ["ordinary", "purely_private"],
    "channel": "phone",
    "necessity": "Nødvendigt for at afklare, om bekymringen kan behandles i infohuset. " * 4,
    "proportionality": "Kun det, som formålet kræver.",
    "subsidiarity": "Formålet kan ikke nås med mindre.",
    "consent": "given", "for_criminal_investigation": False,
    "strict_necessity": "Strengt nødvendigt: vurderingen kan ikke foretages uden. " * 3,
    "summary": "Tovholderen oplyste mundtligt, hvad skolen har iagttaget. " * 6,
}
"""The draft of an oral exchange with five sealed texts and no items."""


def now() -> datetime:
    """Read the clock, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - a benchmark has no clock but the machine's


@dataclass(frozen=True, slots=True)
class Installation:
    """A database on a local server, and what a worker needs to serve it."""

    server: LocalPostgres
    database: str
    folder: Path
    infohus_id: UUID
    issuers: DemoIssuers = field(repr=False)
    passwords: dict[str, str] = field(repr=False)

    def dsn(self, role: str) -> str:
        """Give the address for `owner`, `app` or `verifier`."""
        return self.server.dsn(user=f"infohus_{role}", database=self.database, password=self.passwords[role])

    def token(self) -> str:
        """Mint a token for the municipality's tovholder."""
        return self.issuers.token("kommune")

    def served(self) -> Served:
        """Prepare the server with one worker, logging JSON to nowhere."""
        return Served(
            granian("worker:app", loop="uvloop"), environment=self._environment(), folder=self.folder
        )

    def _environment(self) -> dict[str, str]:
        return {
            "INFOHUS_DATABASE_URL": self.dsn("app"),
            "INFOHUS_SIGNER_DATABASE_URL": self.dsn("signer"),
            "INFOHUS_KEYS_DATABASE_URL": self.dsn("keys"),
            "INFOHUS_KEYS_FOLDER": str(self.folder / "keys"),
            "INFOHUS_SIGNERS_FILE": str(self.folder / "signers.toml"),
            "INFOHUS_SIGNED_FOLDER": str(self.folder / f"signed-{self.database}"),
            "INFOHUS_ISSUERS_FILE": str(self.folder / "issuers.toml"),
            "INFOHUS_LOG_FORMAT": "json",
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
        }

    def whole_service(self, *, memory: int | None = None) -> Served:
        """Prepare the service as an operator starts it, with its own log kept; it may use `memory` bytes of its own."""
        limited = [] if memory is None else ["prlimit", f"--data={memory}", "--"]
        command = [*limited, "env", "INFOHUS_PORT={port}", sys.executable, "-m", "infohus", "serve"]
        return Served(command, environment=self._environment(), folder=self.folder, keeps_log=True)

    def clone(self, name: str) -> "Installation":
        """Copy the database, to which nobody may be connected; folder, keys and tokens are shared."""
        execute(self.server.superuser_dsn(), f'CREATE DATABASE "{name}" TEMPLATE "{self.database}"')
        copy = Installation(self.server, name, self.folder, self.infohus_id, self.issuers, self.passwords)
        execute(self.server.superuser_dsn(name), _roles_sql())
        return copy


def create(server: LocalPostgres, folder: Path) -> Installation:
    """Set up an installation: roles, database, migrations, keys, issuers, one infohus with its two tovholdere."""
    folder.mkdir(mode=0o700)
    passwords = {role: secrets.token_urlsafe(16) for role in ROLES}
    execute(server.superuser_dsn(), 'CREATE DATABASE "infohus" TEMPLATE template0')
    set_passwords = [f"ALTER ROLE infohus_{role} PASSWORD '{password}'" for role, password in passwords.items()]
    execute(server.superuser_dsn("infohus"), _roles_sql(), *set_passwords)
    issuers = DemoIssuers(demo_keys(folder / "issuer-keys"), now, url="http://127.0.0.1:9")
    installation = Installation(server, "infohus", folder, uuid7(), issuers, passwords)
    migrate(installation.dsn("owner"))
    keeper = FileKeyKeeper.create(folder / "keys", [ISHOJ, VESTEGNEN], [installation.infohus_id])
    add_signers(folder / "signers.toml", [keeper.signer_key(authority) for authority in (ISHOJ, VESTEGNEN)])
    SigningKey.create(folder / "keys" / "log-signing.key")
    _write_issuers(issuers, folder)
    asyncio.run(_register(installation, keeper))
    return installation


def record_cases(installation: Installation, address: str, *, cases: int) -> tuple[str, ...]:
    """Record a concern and an exchange in each of `cases` cases, through the API; give the exchanges' addresses."""
    return asyncio.run(_record_cases(installation, address, cases))


def execute(address: str, *statements: str) -> None:
    """Run statements one after another, each in a transaction of its own."""

    async def run() -> None:
        connection = await asyncpg.connect(address)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def exchange_body() -> bytes:
    """Give the JSON that records an exchange."""
    return msgspec.json.encode(EXCHANGE)


def _roles_sql() -> str:
    return (REPOSITORY / "deploy" / "postgresql" / "roles.sql").read_text(encoding="utf-8")


def _write_issuers(issuers: DemoIssuers, folder: Path) -> None:
    # The demo's file names a running issuer's URL for its keys; here they are in files beside it.
    toml = issuers.issuers_toml()
    for issuer in issuers.trusted():
        name = issuer.url.rsplit("/", 1)[1]
        (folder / f"{name}.json").write_bytes(msgspec.json.encode(issuers.key_set(name)))
        toml = toml.replace(f'keys_url = "{issuer.url}/jwks"', f'keys_file = "{name}.json"')
    (folder / "issuers.toml").write_text(toml, encoding="utf-8")


async def _register(installation: Installation, keeper: FileKeyKeeper) -> None:
    infohus = installation.infohus_id
    connection = await asyncpg.connect(installation.dsn("owner"))
    try:
        await open_logs(connection, [ISHOJ, VESTEGNEN])
        await connection.executemany(
            "INSERT INTO infohus.authority (id, name, kind, regime) VALUES ($1, $1, $2, $3)",
            [(ISHOJ, "municipality", "gdpr"), (VESTEGNEN, "police", "led")],
        )
        await connection.execute(
            "INSERT INTO infohus.infohus VALUES ($1, 'Infohus', $2, $3, 'rpl-115-1-1')",
            infohus, ISHOJ, VESTEGNEN,
        )  # fmt: skip
        for person in (DEMO_PEOPLE["kommune"], DEMO_PEOPLE["politi"]):
            authority = str(person.authority_id)
            await connection.execute("INSERT INTO infohus.infohus_authority VALUES ($1, $2)", infohus, authority)
            await connection.execute(
                "INSERT INTO infohus.coordinator VALUES ($1, $2, $3)", infohus, authority, person.person_id
            )
        store = partial(
            store_intake_keys, keeper=keeper, signers=Signers.read(installation.folder / "signers.toml")
        )
        await make_intake_keys(connection, store, infohus_id=infohus, at=now())
    finally:
        await connection.close()


async def _record_cases(installation: Installation, address: str, cases: int) -> tuple[str, ...]:
    headers = {"Authorization": f"Bearer {installation.token()}"}
    left = iter(range(cases))
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30, trust_env=False) as client:
        recorded = await asyncio.gather(*(_record(client, installation.infohus_id, left) for _ in range(RECORDERS)))
    return tuple(path for paths in recorded for path in paths)


async def _record(client: httpx.AsyncClient, infohus_id: UUID, left: Iterator[int]) -> list[str]:
    paths = []
    for number in left:
        concern = await client.post(f"/infohuse/{infohus_id}/concerns", json=concern_draft(number))
        case_id = concern.raise_for_status().json()["case_id"]
        exchange = await client.post(f"/cases/{case_id}/exchanges", json=EXCHANGE)
        paths.append(f"/cases/{case_id}/exchanges/{exchange.raise_for_status().json()['id']}")
    return paths


def concern_draft(number: int) -> dict[str, Any]:
    """Make the body that records a concern about invented people."""
    return {
        "channel": "phone",
        "received_at": (now() - timedelta(minutes=5)).isoformat(),
        "reporter_kind": "professional",
        "reporter": {"name": f"Opdigtet anmelder {number}"},
        "observation": "En elev omtaler gentagne gange vold som løsning. " * 8,
        "told_reporter": "At henvendelsen drøftes i infohuset.",
        "subjects": [{"name": f"Opdigtet person {number}", "birth_date": "1990-02-01"}],
    }

