"""A witness answers as C2SP tlog-witness says it must."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar.testing import AsyncTestClient

from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.cosignature import cosignatures_on
from infohus.kernel.audit.formats.merkle import EMPTY_ROOT, leaf_hash
from infohus.kernel.audit.witness.server import create_witness_app
from infohus.kernel.audit.witness.witness import AddCheckpoint, Witness

ORIGIN = "infohus.example/log"
LOG = SigningKey(b"l" * 32)
ONE = LOG.sign(Checkpoint(ORIGIN, 1, leaf_hash(b"")))
TWO = LOG.sign(Checkpoint(ORIGIN, 2, leaf_hash(b"two")))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(
        SigningKey(b"w" * 32), name="dpo.example", folder=tmp_path, logs=[LOG.verifier(ORIGIN)],
        clock=lambda: datetime(2026, 11, 2, tzinfo=UTC),
    )


class WhenACheckpointIsSent:
    async def test_the_answer_is_the_cosignature_line(self, witness: Witness) -> None:
        async with AsyncTestClient(create_witness_app(witness)) as client:
            answer = await client.post("/add-checkpoint", content=AddCheckpoint(0, (), ONE).body())
        assert answer.status_code == 200
        assert [one.name for one in cosignatures_on(ONE + answer.text, [witness.verifier])] == ["dpo.example"]

    async def test_another_old_size_is_answered_with_the_right_one(self, witness: Witness) -> None:
        witness.add(AddCheckpoint(0, (), ONE).body())
        async with AsyncTestClient(create_witness_app(witness)) as client:
            answer = await client.post("/add-checkpoint", content=AddCheckpoint(0, (), TWO).body())
        assert (answer.status_code, answer.text) == (409, "1\n")
        # "The response MUST have a Content-Type of text/x.tlog.size" (tlog-witness); nothing behind it.
        assert answer.headers.get_list("content-type") == ["text/x.tlog.size"]

    async def test_a_body_that_does_not_come_is_not_waited_for(self, witness: Witness) -> None:
        async def slow() -> AsyncIterator[bytes]:
            yield b"old 0\n"
            await asyncio.sleep(60)

        transport = httpx.ASGITransport(cast("Any", create_witness_app(witness, body_seconds=0.05)))
        async with httpx.AsyncClient(transport=transport, base_url="http://witness.example") as client:
            answer = await client.post("/add-checkpoint", content=slow())
        assert (answer.status_code, answer.text) == (408, "")

    async def test_no_more_bodies_are_begun_than_there_is_room_for(self, witness: Witness) -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            begun.set()
            await go_on.wait()
            yield AddCheckpoint(0, (), ONE).body()

        transport = httpx.ASGITransport(cast("Any", create_witness_app(witness, most_bodies=1)))
        async with httpx.AsyncClient(transport=transport, base_url="http://witness.example") as client:
            first = asyncio.create_task(client.post("/add-checkpoint", content=slow()))
            await begun.wait()
            second = await client.post("/add-checkpoint", content=AddCheckpoint(0, (), ONE).body())
            go_on.set()
            assert [second.status_code, (await first).status_code] == [503, 200]
            assert (await client.post("/add-checkpoint", content=AddCheckpoint(0, (), ONE).body())).status_code == 409

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 400),
            (AddCheckpoint(3, (), TWO).body(), 400),
            (AddCheckpoint(1, (), SigningKey(b"s" * 32).sign(Checkpoint(ORIGIN, 2, EMPTY_ROOT))).body(), 403),
            (AddCheckpoint(1, (), LOG.sign(Checkpoint("other.example", 2, EMPTY_ROOT))).body(), 404),
            (AddCheckpoint(1, (), TWO).body(), 422),
        ],
        ids=["malformed", "old size too large", "not signed by the log", "unknown log", "not consistent"],
    )
    async def test_a_refusal_has_its_own_status(self, witness: Witness, body: bytes, status: int) -> None:
        witness.add(AddCheckpoint(0, (), ONE).body())
        async with AsyncTestClient(create_witness_app(witness)) as client:
            answer = await client.post("/add-checkpoint", content=body)
        assert answer.status_code == status
