"""How a query is rewritten so that what its ORDER BY leaves open is random."""

import random

import asyncpg
import pytest

from conftest import Database
from infohus.kernel.database.statements import acting
from noninterference.shuffling import SHUFFLED_BY, shuffled, shuffling

REWRITTEN = {
    "SELECT a FROM t": "SELECT a FROM t ORDER BY random()",
    "SELECT a FROM t ORDER BY a": "SELECT a FROM t ORDER BY a, random()",
    "SELECT a FROM t WHERE b IN (SELECT b FROM u ORDER BY b LIMIT 3)":
        "SELECT a FROM t WHERE b IN (SELECT b FROM u ORDER BY b LIMIT 3) ORDER BY random()",
    "SELECT a FROM t \n LIMIT $1": "SELECT a FROM t ORDER BY random() LIMIT $1",
    "SELECT a FROM t ORDER BY a LIMIT $1 FOR UPDATE": "SELECT a FROM t ORDER BY a, random() LIMIT $1 FOR UPDATE",
    "SELECT substring(a FROM 1 FOR 2) FROM t": "SELECT substring(a FROM 1 FOR 2) FROM t ORDER BY random()",
    "SELECT 'ORDER BY (a' FROM t": "SELECT 'ORDER BY (a' FROM t ORDER BY random()",
    "SELECT array_agg(a) FROM t": "SELECT array_agg(a ORDER BY random()) FROM t ORDER BY random()",
    "SELECT array_agg(a ORDER BY b) FROM t":
        "SELECT array_agg(a ORDER BY b, random()) FROM t ORDER BY random()",
    "SELECT array((SELECT a FROM t)) AS x": "SELECT array((SELECT a FROM t ORDER BY random())) AS x ORDER BY random()",
    "SELECT ARRAY(SELECT array(SELECT 1))":
        "SELECT ARRAY(SELECT array(SELECT 1 ORDER BY random()) ORDER BY random()) ORDER BY random()",
    "SELECT DISTINCT a FROM t": "SELECT * FROM (SELECT DISTINCT a FROM t) AS any_order ORDER BY random()",
    "SELECT DISTINCT a FROM t ORDER BY a": "SELECT DISTINCT a FROM t ORDER BY a",
    "SELECT 1 UNION SELECT 2": "SELECT * FROM (SELECT 1 UNION SELECT 2) AS any_order ORDER BY random()",
    "UPDATE t SET a = (SELECT 1)": "UPDATE t SET a = (SELECT 1)",
}


@pytest.mark.parametrize(("sql", "rewritten"), REWRITTEN.items(), ids=range(len(REWRITTEN)))
def test_what_is_left_open_is_random(sql: str, rewritten: str) -> None:
    assert " ".join(shuffled(sql).split()) == rewritten


def test_who_acts_is_told_first_all_the_same() -> None:
    assert shuffled(acting("SELECT a FROM t", 0)) == acting("SELECT a FROM t ORDER BY random()", 0)


async def test_the_same_seed_gives_the_same_order(unmigrated_database: Database) -> None:
    connection = await asyncpg.connect(unmigrated_database.dsn("superuser"))

    async def drawn(seed: int | None) -> list[list[int]]:
        SHUFFLED_BY.set(None if seed is None else random.Random(seed))
        asked = "SELECT array_agg(n) AS some FROM generate_series(1, 100) AS n GROUP BY n % 10"
        return [row["some"] for _ in range(2) for row in await connection.fetch(asked)]

    try:
        with shuffling():
            orders = [await drawn(seed) for seed in (1, 1, 2, None)]
    finally:
        SHUFFLED_BY.set(None)
        await connection.close()
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != orders[3]
    assert orders[0][:10] != orders[0][10:], "each statement has an order of its own"
    assert orders[3][:10] == orders[3][10:]
