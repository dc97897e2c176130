"""Units of one authority that wait for key rows at the same time are answered by one query, begun after they asked."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import pytest

from infohus import errors
from infohus.kernel.database.statements import Stored
from infohus.kernel.database.tables import new_id
from infohus.kernel.unit_of_work.shared_key_reads import SharedKeyReads

CASES = [new_id() for _ in range(4)]


class Keys:
    """Stands for the schema `keys`: each query sees what was committed when it began, and is answered when allowed."""

    def __init__(self) -> None:
        self.shared = SharedKeyReads()
        self.committed = 0
        self.queries: list[list[UUID]] = []
        self.fails = False
        self.may_answer = asyncio.Event()

    async def read(self, case_ids: Sequence[UUID]) -> dict[UUID, Stored]:
        self.queries.append(list(case_ids))
        seen = self.committed
        await self.may_answer.wait()
        if self.fails and len(case_ids) > 1:
            raise errors.DatabaseUnavailable
        return {case_id: cast(Stored, (case_id, seen)) for case_id in case_ids}

    async def unit(self, case_id: UUID, authority: str = "kommune") -> asyncio.Task[Any]:
        task = asyncio.create_task(self.shared.read(authority, case_id, self.read))
        await asyncio.sleep(0)
        return task


class WhenSeveralUnitsReadAtOnce:
    async def test_those_that_wait_are_answered_together_as_of_after_they_asked(self) -> None:
        keys = Keys()
        first = await keys.unit(CASES[0])
        keys.committed = 1
        others = [await keys.unit(case_id) for case_id in (*CASES[:3], CASES[0])]
        assert keys.queries == [[CASES[0]]]
        keys.may_answer.set()
        assert await first == (CASES[0], 0)
        assert await asyncio.gather(*others) == [(case_id, 1) for case_id in (*CASES[:3], CASES[0])]
        assert keys.queries[1:] == [sorted(CASES[:3])]
        assert await (await keys.unit(CASES[3])) == (CASES[3], 1)

    async def test_another_authority_waits_for_nobody(self) -> None:
        keys = Keys()
        both = [await keys.unit(CASES[0]), await keys.unit(CASES[0], "politi")]
        assert keys.queries == [[CASES[0]], [CASES[0]]]
        keys.may_answer.set()
        await asyncio.gather(*both)

    async def test_without_an_answer_each_asks_alone(self) -> None:
        keys = Keys()
        keys.fails = True
        units = [await keys.unit(case_id) for case_id in CASES]
        keys.may_answer.set()
        assert await asyncio.gather(*units) == [(case_id, 0) for case_id in CASES]
        assert keys.queries[1:] == [sorted(CASES[1:]), *([one] for one in CASES[1:])]

    @pytest.mark.parametrize("number", range(4))
    async def test_one_that_is_cancelled_takes_the_answer_from_nobody(self, number: int) -> None:
        keys = Keys()
        units = [await keys.unit(case_id) for case_id in CASES]
        units[number].cancel()
        await asyncio.sleep(0)
        keys.may_answer.set()
        rest = [one for one in units if one is not units[number]]
        assert {case_id for case_id, _ in await asyncio.gather(*rest)} == {*CASES} - {CASES[number]}
        with pytest.raises(asyncio.CancelledError):
            await units[number]
        assert await (await keys.unit(CASES[0])) == (CASES[0], 0)
