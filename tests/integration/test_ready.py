"""`/ready` tells the truth: whatever the service stands on and is broken is named, and nothing else."""

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from litestar.testing import AsyncTestClient
from msgspec import structs

import infohus.app
from conftest import REPOSITORY
from house import MUNICIPALITY, House
from infohus.app import create_app
from infohus.clock import now
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.audit.storage.log import log_of
from infohus.kernel.database.readiness import newest_version
from infohus.settings import Settings
from infohus.web.readiness import ASK_SECONDS, Readiness

HUNDRED_TERABYTES = 100_000_000
Broken = Callable[[House], AbstractAsyncContextManager[Settings | None]]


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no answer be kept: what is broken here is asked for at once."""
    register = Readiness.register

    def keeping_nothing(self: Readiness, name: str, ask: Any, *, close: Any = None, keep_seconds: float = 1) -> None:
        register(self, name, ask, close=close, keep_seconds=0 * keep_seconds)

    monkeypatch.setattr(Readiness, "register", keeping_nothing)


@asynccontextmanager
async def read_only(house: House) -> AsyncIterator[None]:
    """Make the whole server read-only, as an administrator or a full standby would."""
    superuser = await asyncpg.connect(house.superuser)
    try:
        await superuser.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        await superuser.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await superuser.execute("SELECT pg_reload_conf()")
        await asyncio.sleep(0.3)
        yield
    finally:
        await superuser.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await superuser.execute("SELECT pg_reload_conf()")
        await asyncio.sleep(0.5)
        await superuser.close()


@asynccontextmanager
async def another_schema(house: House) -> AsyncIterator[None]:
    """Let the schema be of a version that this code does not have."""
    await house.sql("UPDATE infohus.alembic_version SET version_num = '0000'")
    yield
    await house.sql("UPDATE infohus.alembic_version SET version_num = $1", newest_version())


@asynccontextmanager
async def without(path: Path) -> AsyncIterator[None]:
    """Move a file or folder away, and put an empty file in its place."""
    aside = path.with_name(path.name + "-aside")
    await asyncio.to_thread(path.rename, aside)
    await asyncio.to_thread(path.touch)
    yield
    await asyncio.to_thread(path.unlink)
    await asyncio.to_thread(aside.rename, path)


@asynccontextmanager
async def changed_policies(house: House) -> AsyncIterator[Settings]:
    """Load policies from a copy, and change one of them afterwards."""
    folder = house.folder / "policies"
    shutil.copytree(house.settings.policies_folder, folder)
    yield structs.replace(house.settings, policies_folder=folder)


@asynccontextmanager
async def silent_witness(house: House) -> AsyncIterator[Settings]:
    """Name a witness at an address where nobody answers."""
    key = SigningKey(b"w" * 32).verifier("vidne.example")
    file = house.folder / "witnesses.toml"
    file.write_text(f'need = 1\n[[witness]]\nurl = "http://127.0.0.1:9"\nkey = "{WitnessKey(key.name, key.public)}"\n')
    yield structs.replace(house.settings, witnesses_file=file)


@asynccontextmanager
async def full_disk(house: House) -> AsyncIterator[Settings]:
    """Ask for more room than any disk has."""
    yield structs.replace(house.settings, least_free_megabytes=HUNDRED_TERABYTES, database_folder=house.folder)


@asynccontextmanager
async def clock_ahead(house: House) -> AsyncIterator[Settings]:
    """Let the service's clock be ten minutes ahead of the database's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(infohus.app, "now", lambda: now() + timedelta(minutes=10))
        yield structs.replace(house.settings)


KEY = Path("kbh-vestegns-politi") / "kek-1.key"


@asynccontextmanager
async def keys_cut_off(house: House) -> AsyncIterator[None]:
    """Let nobody connect as the keys' role, and end who is."""
    name = (await house.sql("SELECT current_database() AS name"))[0]["name"]
    await house.sql(f'REVOKE CONNECT ON DATABASE "{name}" FROM infohus_keys')
    await house.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'infohus_keys' AND datname = current_database()"
    )
    yield
    await house.sql(f'GRANT CONNECT ON DATABASE "{name}" TO infohus_keys')


BROKEN: dict[str, tuple[Broken, str]] = {
    "database": (read_only, "database (read-only)"),
    "keys-database": (keys_cut_off, "keys-database ("),
    "schema": (another_schema, "schema (0000-instead-of-0001)"),
    "clock": (clock_ahead, "clock (600-seconds-ahead)"),
    "signer": (lambda house: without(house.settings.keys_folder / "signed"), "signer (folder-"),
    "keys": (lambda house: without(house.settings.keys_folder / KEY), "keys (kbh-vestegns-politi-UnsafeKeyFile)"),
    "witnesses": (silent_witness, "witnesses (vidne.example-do-not-answer-and-1-must)"),
    "disk": (full_disk, "disk (keys-"),
    "policies": (changed_policies, "policies (changed-or-unreadable)"),
}


@asynccontextmanager
async def served(house: House, settings: Settings | None) -> AsyncIterator[Any]:
    """Serve with other settings, or with the house's own."""
    if settings is None:
        yield house.client
        return
    async with AsyncTestClient(create_app(settings)) as client:
        if settings.policies_folder != house.settings.policies_folder:
            file = settings.policies_folder / "casework.cedar"
            file.write_text(file.read_text() + "\n// changed\n")
        yield client


def named(detail: str) -> set[str]:
    """Give the parts that an answer names; behind each stands why in brackets."""
    return set(re.findall(r"([a-z-]+) \(", detail))


class WhenAPartIsBroken:
    @pytest.mark.fault("B6")
    @pytest.mark.fault("B4")
    @pytest.mark.parametrize("part", BROKEN)
    async def test_it_is_named_alone_and_no_longer_once_it_is_mended(self, house: House, part: str) -> None:
        breaking, said = BROKEN[part]
        async with breaking(house) as settings, served(house, settings) as client:
            answer = await client.get("/ready")
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")
        assert said in answer.json()["detail"]
        # The keys' tables are on the same server, where all of it is read-only.
        assert named(answer.json()["detail"]) == {part} | ({"keys-database"} if part == "database" else set())
        after = await house.client.get("/ready")
        assert (after.status_code, after.json()["status"]) == (200, "ready")

    @pytest.mark.fault("B6")
    async def test_every_part_that_is_asked_is_broken_by_one_of_these_tests(self, house: House) -> None:
        parts = (await house.client.get("/ready")).json()["parts"]
        assert sorted(parts) == sorted([*BROKEN, "tasks"])

    @pytest.mark.fault("B6")
    async def test_a_database_that_is_gone_is_named_and_the_rest_is_asked(self, house: House) -> None:
        name = (await house.sql("SELECT current_database() AS name"))[0]["name"]
        await house.sql(f'REVOKE CONNECT ON DATABASE "{name}" FROM infohus_app, PUBLIC')
        try:
            await house.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'infohus_app' AND datname = current_database()"
            )
            began = time.perf_counter()
            detail = (await house.client.get("/ready")).json()["detail"]
            assert time.perf_counter() - began < ASK_SECONDS + 1
        finally:
            await house.sql(f'GRANT CONNECT ON DATABASE "{name}" TO infohus_app')
        assert named(detail) == {"database", "schema", "clock"}

    @pytest.mark.fault("B6")
    async def test_a_log_that_is_not_as_signed_is_named(self, house: House) -> None:
        dpo, log_id = house.person("dpo"), log_of(MUNICIPALITY)
        await dpo.get("/log")
        await house.case()
        leaf = "audit.leaf WHERE log_id = $1 ORDER BY index DESC LIMIT 1"
        (newest,) = await house.sql(f"SELECT index, hashes FROM {leaf}", log_id)  # noqa: S608
        tamper = "UPDATE audit.leaf SET hashes = $3 WHERE log_id = $1 AND index = $2"
        await house.sql("ALTER TABLE audit.leaf DISABLE TRIGGER ALL")
        await house.sql(tamper, log_id, newest["index"], bytes(len(newest["hashes"])))
        await dpo.get("/log/proofs/0", status=503)
        detail = (await house.client.get("/ready")).json()["detail"]
        await house.sql(tamper, log_id, newest["index"], newest["hashes"])
        await house.sql("ALTER TABLE audit.leaf ENABLE TRIGGER ALL")
        assert "signer (infohus.test/ishoj-kommune-rewritten)" in detail


class WhenTheNewestVersionIsRead:
    def test_it_is_the_one_that_alembic_finds(self) -> None:
        assert newest_version() == ScriptDirectory.from_config(Config(REPOSITORY / "alembic.ini")).get_current_head()

    def test_a_later_one_comes_after_what_it_follows(self, tmp_path: Path) -> None:
        for revision, follows in (("0001", "None"), ("0002", '"0001"'), ("0003", '"0002"')):
            (tmp_path / f"{revision}.py").write_text(f'revision = "{revision}"\ndown_revision = {follows}\n')
        assert newest_version(tmp_path) == "0003"
