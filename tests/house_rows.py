"""The rows of a test's installation before its application starts: authorities, infohus, tovholdere, logs."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of


def origin_of(authority: str) -> str:
    """Name an authority's log."""
    return f"infohus.test/{authority}"


async def put_rows(
    superuser: str, infohus_id: UUID, authorities: Sequence[tuple[str | None, ...]],
    tovholdere: Iterable[tuple[str, UUID]],
) -> None:
    """Insert an infohus that the first two authorities carry and all take part in, with a log for each."""
    names = [str(authority[0]) for authority in authorities]
    connection = await asyncpg.connect(superuser)
    try:
        await connection.executemany("INSERT INTO infohus.authority VALUES ($1, $2, $3, $4, $5)", authorities)
        await connection.execute(
            "INSERT INTO infohus.infohus VALUES ($1, 'Infohus Ishøj', $2, $3, 'rpl-115-1-1')", infohus_id, *names[:2]
        )
        await connection.executemany(
            "INSERT INTO infohus.infohus_authority VALUES ($1, $2)", [(infohus_id, name) for name in names]
        )
        await connection.executemany(
            "INSERT INTO infohus.coordinator VALUES ($1, $2, $3)",
            [(infohus_id, authority, person) for authority, person in tovholdere],
        )
        await connection.execute("SELECT audit.open_log($1, 'infohus.test/installation')", INSTALLATION_LOG)
        for name in names:
            await connection.execute("SELECT audit.open_log($1, $2, $3)", log_of(name), origin_of(name), name)
    finally:
        await connection.close()


async def put_neighbour(superuser: str, infohus_id: UUID, tovholdere: dict[str, UUID]) -> None:
    """Insert a second infohus: its municipality, which is new, and its police, each with a tovholder."""
    municipality, police = tovholdere
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute(
            "INSERT INTO infohus.authority VALUES ($1, 'Nabo Kommune', 'municipality', 'gdpr', NULL)", municipality
        )
        await connection.execute(
            "INSERT INTO infohus.infohus VALUES ($1, 'Infohus Nabo', $2, $3, 'rpl-115-1-1')", infohus_id, municipality,
            police,
        )
        for authority, person in tovholdere.items():
            await connection.execute("INSERT INTO infohus.infohus_authority VALUES ($1, $2)", infohus_id, authority)
            await connection.execute(
                "INSERT INTO infohus.coordinator VALUES ($1, $2, $3)", infohus_id, authority, person
            )
        await connection.execute(
            "SELECT audit.open_log($1, $2, $3)", log_of(municipality), origin_of(municipality), municipality
        )
    finally:
        await connection.close()
