"""Row security looks up once in a statement whether the caller takes part in a case, and anew in the next."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from policies.asking_rows import who
from policies.conftest import Compared
from policies.lookers import Looker
from policies.oracle import COORDINATORS

CASES = 'SELECT id FROM infohus."case"'


@pytest.fixture
def tovholder(compared: Compared) -> Looker:
    """Somebody who sees a case as its tovholder."""
    return next(
        looker for looker, seen in compared.seen.items()
        if looker.caller.role in COORDINATORS and any(table == "case" for table, _ in seen)
    )


@pytest.fixture
async def ending(superuser: asyncpg.Connection, tovholder: Looker) -> AsyncIterator[str]:
    """Take back afterwards what this statement changes: it takes the tovholder off the list."""
    person = tovholder.caller.person_id
    kept = await superuser.fetch("SELECT * FROM infohus.coordinator WHERE person_id = $1", person)
    yield f"DELETE FROM infohus.coordinator WHERE person_id = '{person}'"  # noqa: S608 - an id
    await superuser.executemany("INSERT INTO infohus.coordinator VALUES ($1, $2, $3)", [tuple(row)[:3] for row in kept])


class WhenSomebodyTakesPart:
    @pytest.mark.rule(94)
    async def test_the_next_statement_sees_that_it_is_over(
        self, tovholder: Looker, ending: str, app: asyncpg.Connection, superuser: asyncpg.Connection
    ) -> None:
        async with app.transaction():
            await app.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who(tovholder))
            before = await app.fetch(CASES)
            await superuser.execute(ending)
            assert (len(before) > 0, await app.fetch(CASES)) == (True, [])

    @pytest.mark.rule(45)
    async def test_nobody_else_is_shown_it_in_the_same_message(
        self, tovholder: Looker, app: asyncpg.Connection
    ) -> None:
        authority, person, role, moment = who(tovholder)
        acting = "PERFORM infohus.act_as('{}', '{}', '{}', '{}');"
        once = f"{acting.format(authority, person, role, moment)} PERFORM FROM ({CASES}) c; ASSERT FOUND;"
        stranger = acting.format(authority, "00000000-0000-0000-0000-00000000000f", role, moment)
        await app.execute(f"DO $$ BEGIN {once} {stranger} PERFORM FROM ({CASES}) c; ASSERT NOT FOUND; END $$")
