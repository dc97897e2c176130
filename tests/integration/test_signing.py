"""The signer signs only what is consistent with what it signed before; the witnesses store what they cosigned."""

import asyncio
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey, open_checkpoint
from infohus.kernel.audit.formats.cosignature import cosignatures_on
from infohus.kernel.audit.formats.merkle import leaf_hash
from infohus.kernel.audit.signing.signer import LogIsBehind, SignedHead, Signer
from infohus.kernel.audit.storage import archive
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from town import KEY, LOG, NAMES, ORIGIN, Town


class WhenTheLogGrew:
    async def test_its_head_is_signed_archived_and_cosigned_by_all(self, town: Town) -> None:
        await town.append(5)
        signed = await town.signer().sign(town.connection, LOG)
        assert open_checkpoint(signed.note, [KEY.verifier(ORIGIN)]).size == 5
        assert {one.name for one in cosignatures_on(signed.note, town.policy.keys)} == set(NAMES)
        assert set(signed.cosigned_by) == set(NAMES)
        kept = await archive.newest(town.connection, LOG, key=KEY.verifier(ORIGIN))
        assert kept is not None
        assert (kept.size, kept.cosigned_note(town.policy.keys)) == (5, signed.note)

    @pytest.mark.parametrize("sizes", [(1, 1), (1, 2, 3), (5, 8, 300, 1)])
    async def test_each_round_proves_the_growth_to_each_witness(self, town: Town, sizes: tuple[int, ...]) -> None:
        signer, total = town.signer(), 0
        for grew in sizes:
            await town.append(grew)
            total += grew
            signed = await signer.sign(town.connection, LOG)
            assert (signed.checkpoint.size, len(signed.cosigned_by)) == (total, 3)

    async def test_only_the_rows_since_the_last_checkpoint_are_read(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await town.append(300)
        await town.signer().sign(town.connection, LOG)
        await town.append(2)
        read: list[bytes] = []

        def counted(entry: bytes) -> bytes:
            read.append(entry)
            return leaf_hash(entry)

        monkeypatch.setattr("infohus.kernel.audit.verification.consistency.leaf_hash", counted)
        await town.signer().sign(town.connection, LOG)
        assert len(read) == 2


class WhenNothingHappened:
    async def test_nothing_new_is_signed_and_nobody_is_asked(self, town: Town) -> None:
        await town.append(3)
        first = await town.signer().sign(town.connection, LOG)
        town.asked.clear()
        assert await town.signer().sign(town.connection, LOG) == first
        assert town.asked == []

    async def test_an_empty_log_has_a_checkpoint_that_is_kept_nowhere(self, town: Town) -> None:
        signed = await town.signer().sign(town.connection, LOG)
        assert signed.checkpoint.size == 0
        assert await archive.newest(town.connection, LOG, key=KEY.verifier(ORIGIN)) is None


class WhenASignatureWasRememberedAndNotArchived:
    async def test_the_next_round_archives_that_very_one(self, town: Town) -> None:
        await town.append(3)
        first = await town.signer().sign(town.connection, LOG)
        await town.forget_the_archive()
        again = await town.signer().sign(town.connection, LOG)
        assert again == first


class WhenWitnessesAreAway:
    async def test_work_goes_on_and_the_gap_shows(self, town: Town) -> None:
        town.away = {"politi.example", "dpo.example"}
        await town.append(3)
        signed = await town.signer().sign(town.connection, LOG)
        assert signed.cosigned_by == ("kommune.example",)

    async def test_they_are_asked_again_and_the_gap_closes(self, town: Town) -> None:
        signer = town.signer()
        town.away = {"politi.example", "dpo.example"}
        for _ in range(3):
            await town.append(2)
            await signer.sign(town.connection, LOG)
        town.away.clear()
        assert len((await signer.sign(town.connection, LOG)).cosigned_by) == 3

    async def test_the_others_cosign_and_two_are_enough(self, town: Town) -> None:
        town.away = {"dpo.example"}
        await town.append(3)
        signed = await town.signer().sign(town.connection, LOG)
        assert len(signed.cosigned_by) == town.policy.need

    async def test_an_archive_that_was_lost_does_not_stop_them(self, town: Town) -> None:
        """The witness says itself from where it wants the proof."""
        await town.append(3)
        await town.signer().sign(town.connection, LOG)
        await town.forget_the_archive()
        await town.append(3)
        assert len((await town.signer().sign(town.connection, LOG)).cosigned_by) == 3


class Held:
    """A connection whose named statement waits, once, until it is let go."""

    def __init__(self, connection: asyncpg.Connection, statement: str) -> None:
        self._connection, self._statement = connection, statement
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    def is_in_transaction(self) -> bool:
        return self._connection.is_in_transaction()

    def __getattr__(self, name: str) -> Any:
        async def call(sql: str, *arguments: object) -> Any:
            if self._statement in sql and not self.reached.is_set():
                self.reached.set()
                await self.go_on.wait()
            return await getattr(self._connection, name)(sql, *arguments)

        return call


class WhenTwoSignAtOnce:
    @pytest.mark.rule(58)
    async def test_the_slower_of_two_processes_signs_nothing_that_did_not_grow_from_the_other_s(
        self, town: Town
    ) -> None:
        """A database that answers one of them with another log makes no fork: whoever is late begins again."""
        await town.append(4)
        await town.signer().sign(town.connection, LOG)
        await town.append(2)
        slow = Held(town.superuser, "FROM audit.checkpoint")
        late = asyncio.create_task(town.signer().sign(cast("Any", slow), LOG))
        await slow.reached.wait()
        first = await town.signer().sign(town.connection, LOG)
        # It knows of the four entries that both know, and sees a log that grew from them otherwise.
        await town.cut_tail(4)
        await town.as_superuser(
            "DELETE FROM audit.cosignature WHERE size > 4", "DELETE FROM audit.checkpoint WHERE size > 4"
        )
        await town.append(4, "opdigtet")
        slow.go_on.set()
        with pytest.raises(LogNotAsSigned):
            await late
        remembered = CheckpointStore(town.folder / "signed").checkpoint(ORIGIN)
        assert (remembered, first.checkpoint.size) == (first.checkpoint, 6)

    @pytest.mark.parametrize("statement", ["index = ANY", "FROM audit.leaf", "audit.frontier", "audit.checkpoint"])
    async def test_of_a_log_that_only_grew_both_sign_and_nobody_is_alarmed(self, town: Town, statement: str) -> None:
        await town.append(4)
        await town.signer().sign(town.connection, LOG)
        await town.append(2)
        one, other, slow = town.signer(), town.signer(), Held(town.superuser, statement)
        late = asyncio.create_task(one.sign(cast("Any", slow), LOG))
        await slow.reached.wait()
        await town.append(2)
        await other.sign(town.connection, LOG)
        slow.go_on.set()
        signed = await late
        assert (signed.checkpoint.size, len(signed.cosigned_by)) == (8, 3)
        assert (one.alarm(LOG), other.alarm(LOG)) == (None, None)

    async def test_one_that_has_not_archived_yet_is_waited_for(self, town: Town) -> None:
        """Another process stored it, and has not yet archived it: nothing was lost."""
        await town.append(4)
        one, other, slow = town.signer(), town.signer(), Held(town.superuser, "keep_checkpoint")
        late = asyncio.create_task(one.sign(cast("Any", slow), LOG))
        await slow.reached.wait()
        asyncio.get_running_loop().call_later(0.1, slow.go_on.set)
        signed = await other.sign(town.connection, LOG)
        assert (signed.checkpoint.size, other.alarm(LOG)) == (4, None)
        assert (await late).checkpoint == signed.checkpoint

    async def test_within_one_process_they_take_turns(self, town: Town) -> None:
        await town.append(4)
        signer, slow = town.signer(), Held(town.superuser, "keep_checkpoint")
        late = asyncio.create_task(signer.sign(cast("Any", slow), LOG))
        await slow.reached.wait()
        await town.append(1)
        second = asyncio.create_task(signer.sign(town.connection, LOG))
        await asyncio.sleep(0.05)
        assert not second.done()
        slow.go_on.set()
        sizes = [(await late).checkpoint.size, (await second).checkpoint.size]
        assert (sizes, signer.alarm(LOG)) == ([4, 5], None)


class WhenOneLogIsWrong:
    async def test_the_others_are_signed_all_the_same(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await town.superuser.execute("SELECT audit.open_log($1, 'infohus.test/a')", UUID(int=1))
        await town.append(3)
        signer, sign = town.signer(), Signer.sign

        async def failing(self: Signer, connection: Any, log_id: UUID) -> SignedHead:
            if log_id == UUID(int=1):
                raise OSError
            return await sign(self, connection, log_id)

        monkeypatch.setattr(Signer, "sign", failing)
        await signer.sign_all(town.connection)
        assert CheckpointStore(town.folder / "signed").checkpoint(ORIGIN) is not None


class WhenASuperuserTouchedTheLog:
    @pytest.mark.rule(58)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit.leaf SET entry = 'another' WHERE index = 7",
            "DELETE FROM audit.leaf WHERE index = 7",
            "UPDATE audit.leaf SET hashes = sha256('x') WHERE index = 7",
            "UPDATE audit.frontier SET hashes = overlay(hashes placing '\\x00' from 3)",
            "UPDATE audit.frontier SET size = size - 1",
            "UPDATE audit.leaf SET index = 100 WHERE index = 7",
        ],
    )
    async def test_rows_that_changed_before_they_were_signed_are_never_signed(
        self, town: Town, statement: str
    ) -> None:
        await town.append(4)
        signer = town.signer()
        await signer.sign(town.connection, LOG)
        await town.append(6)
        await town.as_superuser(statement)
        with pytest.raises(LogNotAsSigned):
            await signer.sign(town.connection, LOG)
        assert signer.alarm(LOG) is not None
        kept = await archive.newest(town.connection, LOG, key=KEY.verifier(ORIGIN))
        assert kept is not None
        assert kept.size == 4

    @pytest.mark.rule(58)
    async def test_a_cut_tail_is_refused_from_the_signers_own_memory(self, town: Town) -> None:
        await town.append(9)
        await town.signer().sign(town.connection, LOG)
        await town.cut_tail(5)
        await town.forget_the_archive()
        said = r"har 5 poster, men underskriverens eget lager \(checkpoint store\) husker 9"
        with pytest.raises(LogIsBehind, match=said):
            await town.signer().sign(town.connection, LOG)

    @pytest.mark.rule(58)
    async def test_a_tail_that_grew_again_is_another_tree(self, town: Town) -> None:
        await town.append(9)
        await town.signer().sign(town.connection, LOG)
        await town.cut_tail(5)
        await town.forget_the_archive()
        await town.append(9, "opdigtet")
        with pytest.raises(LogNotAsSigned):
            await town.signer().sign(town.connection, LOG)

    @pytest.mark.rule(58)
    async def test_whoever_has_the_key_and_no_memory_is_found_out_by_the_witnesses(self, town: Town) -> None:
        await town.append(9)
        await town.signer().sign(town.connection, LOG)
        await town.cut_tail(5)
        await town.forget_the_archive()
        await town.append(9, "opdigtet")
        thief = town.signer(store="elsewhere")
        signed = await thief.sign(town.connection, LOG)
        assert signed.cosigned_by == ()
        assert thief.alarm(LOG) == "rewritten"

    @pytest.mark.rule(58)
    async def test_a_forged_checkpoint_in_the_archive_changes_nothing(self, town: Town) -> None:
        await town.append(9)
        await town.signer().sign(town.connection, LOG)
        await town.append(1)
        forged = SigningKey(b"f" * 32).sign(Checkpoint(ORIGIN, 10, bytes(32)))
        await town.as_superuser(("INSERT INTO audit.checkpoint VALUES ($1, 10, $2, now())", LOG, forged))
        signer = town.signer()
        signed = await signer.sign(town.connection, LOG)
        assert (signed.checkpoint.size, set(signed.cosigned_by)) == (10, set(NAMES))
        assert open_checkpoint(signed.note, [KEY.verifier(ORIGIN)]) == signed.checkpoint
        assert signer.alarm(LOG) is None
        await town.signer().require_not_behind(town.connection)


class WhenItOpensForWork:
    async def test_a_log_that_only_grew_opens(self, town: Town) -> None:
        await town.append(4)
        await town.signer().sign(town.connection, LOG)
        await town.append(4)
        await town.signer().require_not_behind(town.connection)

    async def test_a_database_put_back_is_refused_by_the_signers_memory(self, town: Town) -> None:
        await town.append(9)
        await town.signer().sign(town.connection, LOG)
        await town.cut_tail(5)
        await town.forget_the_archive()
        with pytest.raises(LogIsBehind, match="underskriverens eget lager \\(checkpoint store\\) husker 9"):
            await town.signer().require_not_behind(town.connection)

    async def test_a_database_put_back_is_refused_by_the_archive_that_was_kept(self, town: Town) -> None:
        await town.append(9)
        await town.signer().sign(town.connection, LOG)
        await town.cut_tail(5)
        town.away = set(NAMES)
        forgetful = town.signer(store="lost")
        found = "har 5 poster, men arkivet af underskrifter husker 9"
        with pytest.raises(LogIsBehind, match=found):
            await forgetful.require_not_behind(town.connection)
        with pytest.raises(LogIsBehind, match=found):
            await forgetful.sign(town.connection, LOG)
        assert forgetful.alarm(LOG) == "behind"

    async def test_a_whole_machine_put_back_is_refused_by_one_witness(self, town: Town) -> None:
        await town.append(9)
        await town.signer().sign(town.connection, LOG)
        await town.cut_tail(5)
        await town.forget_the_archive()
        town.away = {"kommune.example", "politi.example"}
        with pytest.raises(LogIsBehind, match=r"vidnet dpo\.example husker 9"):
            await town.signer(store="put back").require_not_behind(town.connection)

    async def test_a_database_that_was_lost_whole_is_refused(self, town: Town) -> None:
        await town.append(2)
        await town.signer().sign(town.connection, LOG)
        await town.forget_the_archive()
        await town.as_superuser("DELETE FROM audit.leaf", "DELETE FROM audit.frontier", "DELETE FROM audit.log")
        with pytest.raises(LogIsBehind):
            await town.signer().require_not_behind(town.connection)

    async def test_witnesses_that_are_away_stop_nobody_who_remembers(self, town: Town) -> None:
        await town.append(4)
        await town.signer().sign(town.connection, LOG)
        town.away = set(NAMES)
        await town.signer().require_not_behind(town.connection)

    async def test_asking_takes_nothing_from_a_witness(self, town: Town) -> None:
        await town.append(4)
        await town.signer().require_not_behind(town.connection)
        await town.signer().sign(town.connection, LOG)
        await town.signer().require_not_behind(town.connection)
        await town.append(4)
        assert len((await town.signer().sign(town.connection, LOG)).cosigned_by) == 3
