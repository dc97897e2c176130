"""The signer has connections of its own, and holds none while it waits for a witness."""

import asyncio

from conftest import Database
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.audit.signing.signer import Signer
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.witness.cosigning import Witnesses
from infohus.kernel.database.pool import SIGNER, open_pool
from town import AT, KEY, LOG, NAMES, Town

AT_ONCE = 6


class WhenAWitnessHangs:
    async def test_others_sign_meanwhile_over_two_connections(self, town: Town, database: Database) -> None:
        await town.append(3)
        answer, waiting = asyncio.Event(), asyncio.Semaphore(0)

        async def send(url: str, body: bytes) -> tuple[int, str]:
            if NAMES[0] in url:
                waiting.release()
                await answer.wait()
            return await town.send(url, body)

        witnesses = Witnesses(town.policy, send, lambda: AT)
        store = CheckpointStore(town.folder / "signed")
        signer = PooledSigner(Signer(KEY, store, witnesses=witnesses, clock=lambda: AT))
        async with await open_pool(database.dsn("signer"), role=SIGNER, size=2) as pool:
            signer.open(pool)
            signing = [asyncio.create_task(signer.sign(LOG)) for _ in range(AT_ONCE)]
            try:
                async with asyncio.timeout(5):
                    for _ in range(AT_ONCE):
                        await waiting.acquire()
                assert pool.get_idle_size() == 2
            finally:
                answer.set()  # also where this fails: the pool waits for its connections
                heads = await asyncio.gather(*signing)
        assert {head.checkpoint.size for head in heads} == {3}
        assert all(len(head.cosigned_by) >= 2 for head in heads)
