"""The rows of the schema `keys`: each authority sees and writes its own, and no role sees keys with what they open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPALITY, POLICE, PROBATION, House, now


async def numbers_of(house: House, exchange_id: str) -> list[int]:
    """Give the numbers of the keys that an exchange has left."""
    rows = await house.sql(
        "SELECT number FROM keys.exchange_key WHERE exchange_id = $1 ORDER BY number", UUID(exchange_id)
    )
    return [row["number"] for row in rows]


@asynccontextmanager
async def as_keys(database: Database, authority: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect to the schema `keys` as the application does for an authority; nothing stays."""
    connection = await asyncpg.connect(database.dsn("keys"))
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SELECT keys.act_as($1, $2, 'municipal_coordinator', $3)", authority, uuid4(), now())
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.mark.rule(45)
class WhenRowsOfKeysAreAskedFor:
    async def test_each_authority_sees_its_own_and_the_discloser_none_of_what_it_gave(
        self, house: House, database: Database
    ) -> None:
        case = await house.case()
        await case.disclose(await case.note())
        await case.note(by=POLICE)
        for who, keys in ((MUNICIPALITY, 0), (POLICE, 2), (PROBATION, 0)):
            async with as_keys(database, who) as connection:
                own = await connection.fetch("SELECT authority_id FROM keys.side_secret")
                assert {row["authority_id"] for row in own} == ({who} if who != PROBATION else set())
                assert len(await connection.fetch("SELECT FROM keys.exchange_key")) == keys
                seeds = await connection.fetch("SELECT authority_id FROM keys.intake_secret")
                assert {row["authority_id"] for row in seeds} == {who}
                assert len(await connection.fetch("SELECT FROM keys.intake_key")) == 4

    @pytest.mark.parametrize("statement", [
        "INSERT INTO keys.side_secret VALUES (gen_random_uuid(), 'ishoj-kommune', gen_random_uuid(), 1, '', '')",
        ("INSERT INTO keys.intake_key SELECT authority_id, infohus_id, 2, suite, public_key, signer_key_id, signature"
        " FROM keys.intake_key"),
        ("INSERT INTO keys.exchange_key (exchange_id, recipient_id, number, case_id, infohus_id, discloser_id,"
        " person_id, generation, sealed, signer_key_id, signature, revision)"
        " SELECT gen_random_uuid(), 'kriminalforsorgen', 0, case_id, infohus_id, 'ishoj-kommune', person_id, 1,"
        " '', '', '', 1 FROM keys.exchange_key"),
        "DELETE FROM keys.exchange_key", "DELETE FROM keys.side_secret", "SELECT FROM infohus.case",
        "UPDATE keys.exchange_key SET signature = ''",
    ])  # fmt: skip
    async def test_none_is_written_in_another_s_name(self, house: House, database: Database, statement: str) -> None:
        case = await house.case()
        await case.disclose(await case.note())
        async with as_keys(database, POLICE) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)

    async def test_only_who_disclosed_withdraws(self, house: House, database: Database) -> None:
        case = await house.case()
        given = await case.disclose(await case.note())
        for who in (POLICE, PROBATION):
            async with as_keys(database, who) as connection:
                await connection.execute("SELECT keys.withdraw($1, $2, '{0,1}')", UUID(given["id"]), POLICE)
            assert await numbers_of(house, given["id"]) == [0, 1]

    async def test_the_application_s_other_role_sees_nothing_of_them(self, house: House, database: Database) -> None:
        await house.case()
        connection = await asyncpg.connect(database.dsn("app"))
        try:
            for table in ("side_secret", "intake_key", "intake_secret", "exchange_key", "kept_key"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT FROM keys.{table}")
        finally:
            await connection.close()
