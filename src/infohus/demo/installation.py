"""Set the demonstration up in one folder: database, plans, keys, issuers.

A second run uses the database and the keys that are there.
"""

import asyncio
import json
import os
import secrets
import shutil
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg

from infohus.clock import now
from infohus.demo.issuer import DemoIssuers
from infohus.demo.keys import demo_keys
from infohus.demo.local_postgres import LocalPostgres
from infohus.demo.people import DEMO_PEOPLE
from infohus.demo.witnesses import DemoWitnesses
from infohus.kernel.access.intake_keys import store_intake_keys
from infohus.kernel.audit.formats.checkpoint import SigningKey, VerifierKey
from infohus.kernel.database.schema import migrate
from infohus.kernel.identity.caller import Role
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.signatures import Signers, add_signers
from infohus.plan.document import PlanDocument
from infohus.plan.intake_acts import make_intake_keys
from infohus.plan.loading import load_plan
from infohus.plan.owner_acts import register_coordinator
from infohus.plan.reading import read_plan
from infohus.settings import REPOSITORY

DATABASE = "infohus"
DEMO_FOLDER = REPOSITORY / "var" / "demo"
"""Where the demo's data lies when nothing else is said."""
_MARK = "this-is-an-infohus-demo"
_PASSWORDS = "passwords.json"
_ROLES = ("owner", "app", "keys", "signer", "verifier")


class NotADemo(Exception):  # noqa: N818 - names the situation
    """The folder is there and was not made by a demo; it is left alone."""


class DemoInstallation:
    """One folder with everything the demonstration needs."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made with mode 0700."""
        self.folder = folder.resolve()
        self.postgres = LocalPostgres.durable(self.folder / "postgres")
        self.witnesses = DemoWitnesses(self.folder / "witnesses")

    @property
    def is_new(self) -> bool:
        """Say whether the folder lacks the mark that `prepare` leaves in a demo's folder."""
        return not (self.folder / _MARK).exists()

    def start_over(self) -> None:
        """Delete the demo's folder.

        Raises:
            NotADemo: the folder was not made by a demo.
            AlreadyRunning: a demo runs on it.
        """
        if not self.folder.exists():
            return
        if self.is_new and any(self.folder.iterdir()):
            raise NotADemo(self.folder.name)
        self.postgres.wait_for_earlier_server()
        shutil.rmtree(self.folder)

    def prepare(self) -> None:
        """Make the folder and mark it as a demo's.

        Raises:
            NotADemo: it holds something else.
        """
        if self.is_new and self.folder.exists() and any(self.folder.iterdir()):
            raise NotADemo(self.folder.name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / _MARK).touch()

    def set_up(self, issuers: DemoIssuers) -> UUID:
        """Set up roles, schema, plans, tovholdere, keys and issuers; the database server must be running.

        Returns the id of Infohus Ishøj, where the story is played.
        """
        passwords = self._passwords()
        asyncio.run(self._roles(passwords))
        migrate(self.address("owner"))
        infohuse = asyncio.run(self._plans_and_people())
        keys = self.folder / "keys"
        for plan, infohus_id in infohuse:
            authorities = [authority.id for authority in plan.authorities]
            keeper = FileKeyKeeper.create(keys, authorities, [infohus_id])
            add_signers(self.folder / "signers.toml", map(keeper.signer_key, authorities))
        asyncio.run(self._intake_keys([infohus_id for _, infohus_id in infohuse]))
        SigningKey.create(keys / "log-signing.key")
        (self.folder / "issuers.toml").write_text(issuers.issuers_toml(), encoding="utf-8")
        (self.folder / "issuers.toml").chmod(0o644)  # whatever the umask: one that others may write is refused
        return infohuse[0][1]

    def issuers(self, url: str) -> DemoIssuers:
        """Give the two demo issuers, which are reached at `url`."""
        return DemoIssuers(demo_keys(self.folder / "issuers"), now, url=url)

    def address(self, role: str) -> str:
        """Give the database address of the role `owner`, `app`, `keys`, `signer` or `verifier`."""
        return self.postgres.dsn(user=f"infohus_{role}", database=DATABASE, password=self._passwords()[role])

    def logs(self) -> list[VerifierKey]:
        """Give the public key of each log, under its name; the database must be running."""

        async def origins() -> list[str]:
            verifier = await asyncpg.connect(self.address("verifier"))
            try:
                return [row["origin"] for row in await verifier.fetch("SELECT origin FROM audit.log ORDER BY origin")]
            finally:
                await verifier.close()

        key = SigningKey.load(self.folder / "keys" / "log-signing.key")
        return [key.verifier(origin) for origin in asyncio.run(origins())]

    def environment(self, *, port: int) -> dict[str, str]:
        """Give the environment in which `infohus serve` runs this installation."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("INFOHUS_")}
        return {
            **inherited,
            "INFOHUS_DATABASE_URL": self.address("app"),
            "INFOHUS_SIGNER_DATABASE_URL": self.address("signer"),
            "INFOHUS_KEYS_DATABASE_URL": self.address("keys"),
            "INFOHUS_KEYS_FOLDER": str(self.folder / "keys"),
            "INFOHUS_SIGNERS_FILE": str(self.folder / "signers.toml"),
            "INFOHUS_ISSUERS_FILE": str(self.folder / "issuers.toml"),
            "INFOHUS_WITNESSES_FILE": str(self.witnesses.file),
            "INFOHUS_PORT": str(port),
            "INFOHUS_LOG_FORMAT": "json",
        }

    def _plans(self) -> list[PlanDocument]:
        return [read_plan(REPOSITORY / "plans" / f"{name}.toml") for name in ("ishoj", "birkelunde")]

    def _passwords(self) -> dict[str, str]:
        path = self.folder / _PASSWORDS
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({role: secrets.token_urlsafe(24) for role in _ROLES}, file)
        passwords: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return passwords

    async def _roles(self, passwords: dict[str, str]) -> None:
        server = await asyncpg.connect(self.postgres.superuser_dsn())
        try:
            if not await server.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", DATABASE):
                await server.execute(f'CREATE DATABASE "{DATABASE}" TEMPLATE template0')
        finally:
            await server.close()
        roles = (REPOSITORY / "deploy" / "postgresql" / "roles.sql").read_text(encoding="utf-8")
        database = await asyncpg.connect(self.postgres.superuser_dsn(DATABASE))
        try:
            await database.execute(roles)
            for role, password in passwords.items():
                await database.execute(f"ALTER ROLE infohus_{role} PASSWORD '{password}'")
        finally:
            await database.close()

    async def _intake_keys(self, infohuse: list[UUID]) -> None:
        keeper, signers = FileKeyKeeper(self.folder / "keys"), Signers.read(self.folder / "signers.toml")
        owner = await asyncpg.connect(self.address("owner"))
        try:
            for infohus_id in infohuse:
                store = partial(store_intake_keys, keeper=keeper, signers=signers)
                await make_intake_keys(owner, store, infohus_id=infohus_id, at=now())
        finally:
            await owner.close()

    async def _plans_and_people(self) -> list[tuple[PlanDocument, UUID]]:
        owner = await asyncpg.connect(self.address("owner"))
        try:
            infohuse = [(plan, await load_plan(owner, plan, clock=now)) for plan in self._plans()]
            for person in DEMO_PEOPLE.values():
                if person.role in {Role.MUNICIPAL_COORDINATOR, Role.POLICE_COORDINATOR}:
                    await register_coordinator(
                        owner, infohus_id=infohuse[0][1], authority_id=person.authority_id,
                        person_id=person.person_id, at=now(),
                    )
        finally:
            await owner.close()
        return infohuse
