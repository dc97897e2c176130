"""A note in the archive of checkpoints that the log's key did not sign stops nobody: it is skipped, and named."""

from itertools import product
from pathlib import Path

import asyncpg
import pytest
from litestar.testing import AsyncTestClient

from conftest import Database
from house import MUNICIPAL_LOG, open_house
from infohus.app import create_app
from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.cosignature import cosign, cosignatures_on
from infohus.kernel.audit.storage import archive
from infohus.kernel.audit.verification.stored_log import verify_log
from town import AT, KEY, LOG, NAMES, ORIGIN, Town

KEEP = "SELECT audit.keep_checkpoint($1, $2, $3, $4::text::timestamptz)"
NOTES = (
    "garbage", "x\n\nx", "x\n1\nAAAA\n\n— x AAAA\n", SigningKey(b"f" * 32).sign(Checkpoint(ORIGIN, 1, bytes(32))),
    KEY.sign(Checkpoint("another.example/log", 1, bytes(32))), KEY.sign(Checkpoint(ORIGIN, 10**6, bytes(32))),
)
KEEP_LINE = "SELECT audit.keep_cosignature($1, $2, $3)"
READS = ("/log", "/log/checkpoint", "/log/checkpoints", "/log/proofs/0", "/log/tile/0/000.p/1")


def forged_line(number: int, more: bytes) -> str:
    """Write a line under a witness' name and key id that it never wrote."""
    key = SigningKey(NAMES[number][:1].encode() * 32)
    text = KEY.sign(Checkpoint("another.example/log", 1, more.ljust(32))).partition("\n\n")[0] + "\n"
    return cosign(text, key, name=NAMES[number], moment=int(AT.timestamp()))


@pytest.mark.fault("A17")
@pytest.mark.rule(58)
class WhenTheSignersRoleKeepsANoteThatIsNone:
    @pytest.mark.parametrize(("ahead", "at"), [
        (1, "now"), (10**6, "now"), (0, "infinity"), (0, "-infinity"), (0, "4000-01-01 BC"), (0, "290000-01-01"),
    ])
    async def test_one_of_more_entries_than_there_are_or_of_no_moment_is_refused(
        self, town: Town, ahead: int, at: str
    ) -> None:
        await town.append(3)
        with pytest.raises((asyncpg.InvalidParameterValueError, asyncpg.CheckViolationError)):
            await town.connection.execute(KEEP, LOG, 3 + ahead, "garbage", at)

    @pytest.mark.parametrize("note", NOTES)
    async def test_the_log_is_signed_on_and_verification_names_the_note(self, town: Town, note: str) -> None:
        await town.append(2)
        for size in (1, 2):
            await town.connection.execute(KEEP, LOG, size, note, "now")
        for more in range(2):
            await town.append(more)
            signer = town.signer()
            await signer.require_not_behind(town.connection)
            assert (await signer.sign(town.connection, LOG)).checkpoint.size == 2 + more
            await signer.require_ready(town.connection)
        found = await verify_log(
            town.superuser, LOG, key=KEY.verifier(ORIGIN), witnesses=town.signer().witnesses
        )
        assert [(fault.place, fault.index) for fault in found.verification.faults if fault.index in {0, 1}] == [
            ("audit.checkpoint", 0), ("audit.checkpoint", 1),
        ]

    @pytest.mark.parametrize("line", [
        "", "garbage", "— x AAAA\n", f"— {'A' * 102}==\n", f"— x {'A' * 102}==", f"— x {'A' * 102}==\n\n",
        f"— x y {'A' * 102}==\n", f"— x+y {'A' * 102}==\n", f"— x {'A' * 102}==\n— y {'A' * 102}==\n",
    ])
    async def test_a_line_that_no_witness_writes_is_refused(self, town: Town, line: str) -> None:
        await town.append(1)
        await town.signer().sign(town.connection, LOG)
        with pytest.raises(asyncpg.CheckViolationError):
            await town.connection.execute(KEEP_LINE, LOG, 1, line)
        with pytest.raises(asyncpg.InvalidParameterValueError):
            await town.connection.execute(KEEP_LINE, LOG, 2, forged_line(0, b""))

    async def test_neither_note_nor_line_takes_the_place_of_the_real_one(self, town: Town) -> None:
        await town.append(2)
        await town.connection.execute(KEEP, LOG, 2, "garbage", "now")
        for number, more in product(range(3), (b"a", b"b")):
            await town.connection.execute(KEEP_LINE, LOG, 2, forged_line(number, more))
        signer = town.signer()
        signed = await signer.sign(town.connection, LOG)
        assert await signer.sign(town.connection, LOG) == signed
        assert set(signed.cosigned_by) == set(NAMES)
        assert {one.name for one in cosignatures_on(signed.note, town.policy.keys)} == set(NAMES)
        assert signer.alarm(LOG) is None
        assert await town.superuser.fetchval("SELECT count(*) FROM audit.cosignature") == 9
        key, named = KEY.verifier(ORIGIN), town.policy.keys
        [kept] = await archive.page_before(town.connection, LOG, 10, limit=5, key=key)
        assert kept.cosigned_note(named) == signed.note
        await town.append(1)
        await town.connection.execute(KEEP, LOG, 3, "garbage", "now")
        await town.connection.execute(KEEP_LINE, LOG, 3, forged_line(0, b"c"))
        assert await archive.last_cosigned_by(town.connection, LOG, named[0]) == 2
        found = await verify_log(town.superuser, LOG, key=key, witnesses=signer.witnesses)
        assert [str(fault) for fault in found.verification.faults] == [
            "audit.checkpoint, post 1: er ikke underskrevet med loggens nøgle",
            "audit.checkpoint, post 1: et vidnes underskrift passer ikke til det underskrevne",
            "audit.checkpoint, post 2: er ikke underskrevet med loggens nøgle",
        ]
        assert (found.signed, found.cosigned) == (2, 2)

    async def test_what_a_superuser_puts_there_stops_neither_the_signer_nor_a_witness(self, town: Town) -> None:
        await town.append(2)
        await town.signer().sign(town.connection, LOG)
        plants: list[tuple[str, *tuple[object, ...]]] = [
            ("INSERT INTO audit.checkpoint VALUES ($1, $2, $3, $4::text::timestamptz)", LOG, size, note, at)
            for size, (note, at) in enumerate(product(NOTES, ("now", "2000-01-01Z", "2099-12-31Z")), 3)
        ]
        plants += [
            ("INSERT INTO audit.checkpoint VALUES ($1, $2, 'garbage', now())", LOG, size)
            for size in (10**6, 2**62 - 1, 2**63 - 1)
        ]
        plants += [
            ("INSERT INTO audit.cosignature VALUES ($1, $2, $3)", LOG, size, line)
            for size in (2, 3, 4, 2**63 - 1)
            for line in (f"— x {'A' * 102}==\n", forged_line(0, b""), forged_line(1, b""))
        ]
        await town.as_superuser(*plants)
        for size in (3, 4, 5):
            await town.append(1)
            signer = town.signer()
            await signer.require_not_behind(town.connection)
            signed = await signer.sign(town.connection, LOG)
            assert signed.checkpoint.size == size
            await signer.require_ready(town.connection)
        found = await verify_log(
            town.superuser, LOG, key=KEY.verifier(ORIGIN), witnesses=town.signer().witnesses
        )
        named = {fault.index for fault in found.verification.faults if fault.place == "audit.checkpoint"}
        assert named >= {size - 1 for size in (3, 4, 5, 10**6, 2**62 - 1, 2**63 - 1)}

    async def test_every_reader_answers_and_the_service_opens_again(self, database: Database, tmp_path: Path) -> None:
        async with open_house(database, tmp_path) as house:
            case, dpo = await house.case(), house.person("dpo")
            await dpo.get("/log")
            signer = await asyncpg.connect(database.dsn("signer"))
            [head] = await house.sql("SELECT size FROM audit.frontier WHERE log_id = $1", MUNICIPAL_LOG)
            for size, note in enumerate([*NOTES, *["garbage"] * head["size"]], 1):
                if size <= head["size"]:
                    await signer.execute(KEEP, MUNICIPAL_LOG, size, note, "now")
                    await signer.execute(KEEP_LINE, MUNICIPAL_LOG, size, forged_line(0, b""))
            await signer.close()
            for path in READS:
                assert (await dpo.call("GET", path)).status_code == 200, path
            assert (await house.client.get("/ready")).status_code == 200
            async with AsyncTestClient(create_app(house.settings)) as again:
                assert (await again.get("/ready")).status_code == 200
            assert await case.kommune.get(case.path)
