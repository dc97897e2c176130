"""The bare limit of the stack: one SELECT and one durable INSERT in a transaction, and nothing else.

Stands in for the shared limit where its folder is missing. No authorisation, no audit, no sealing: never an example.
"""

import asyncpg
from litestar import Litestar, get
from litestar.datastructures import State
from litestar.params import FromPath

ENTRY = b"x" * 400
"""As many bytes as an entry of a plain log might have."""


async def connect(app: Litestar) -> None:
    """Make the table with its 1,000 rows, and open connections to the database that PG… variables name."""
    pool = await asyncpg.create_pool(min_size=8, max_size=16)
    await pool.execute("CREATE TABLE IF NOT EXISTS plain (id bigserial PRIMARY KEY, entry bytea NOT NULL)")
    await pool.execute("INSERT INTO plain (entry) SELECT $1 FROM generate_series(1, 1000)", ENTRY)
    app.state.pool = pool


@get("/case/{case_id:int}")
async def read_case(case_id: FromPath[int], state: State) -> dict[str, object]:
    """Read one row and write another."""
    async with state.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow("SELECT id, entry FROM plain WHERE id = $1", case_id)
        await connection.execute("INSERT INTO plain (entry) VALUES ($1)", ENTRY)
    return {"id": row["id"], "entry": row["entry"].hex()}


app = Litestar([read_case], on_startup=[connect])
