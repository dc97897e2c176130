"""`verify_log` finds what rows alone cannot show: it asks the archive, the keys, and the witnesses."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from conftest import Database
from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.emptying import entry_of
from infohus.kernel.audit.formats.entry import Emptied
from infohus.kernel.audit.verification.log_rows import CHUNK, verify_database
from infohus.kernel.audit.verification.stored_log import LogVerification, NotResumable, verify_log
from infohus.kernel.audit.verification.witness_comparison import MOST_ROUNDS
from infohus.kernel.audit.witness.cosigning import Remembers, Witnesses
from town import AT, KEY, LOG, NAMES, ORIGIN, Town


async def verified(town: Town, **more: object) -> LogVerification:
    """Verify as a DPO does: with the keys, and with the witnesses."""
    witnesses = town.signer().witnesses
    return await verify_log(
        town.superuser, LOG, key=KEY.verifier(ORIGIN), witnesses=witnesses, **more,  # type: ignore[arg-type]
    )


async def signed_town(town: Town, *sizes: int) -> Town:
    """Sign after each so many entries."""
    signer = town.signer()
    for grew in sizes:
        await town.append(grew)
        await signer.sign(town.connection, LOG)
    return town


def before_each_question(monkeypatch: pytest.MonkeyPatch, acts: list[Callable[[], Awaitable[object]]]) -> None:
    """Let something happen before each of the first rounds in which the witnesses are asked."""
    ask = Witnesses.ask_about

    async def late(self: Witnesses, checkpoint: Checkpoint, note: str) -> dict[str, Remembers | None]:
        if acts:
            await acts.pop(0)()
        return await ask(self, checkpoint, note)

    monkeypatch.setattr(Witnesses, "ask_about", late)


class WhenTheLogIsWhole:
    async def test_every_checkpoint_is_counted_and_the_cover_told(self, town: Town) -> None:
        await signed_town(town, 3, 300, 1)
        await town.append(2)
        found = await verified(town)
        assert found.verification.faults == ()
        assert (found.checkpoints, found.signed, found.cosigned, found.silent) == (3, 304, 304, ())

    async def test_a_gap_in_the_cosignatures_shows(self, town: Town) -> None:
        await signed_town(town, 3)
        town.away = set(NAMES)
        await signed_town(town, 3)
        found = await verified(town)
        assert (found.signed, found.cosigned, set(found.silent)) == (6, 3, set(NAMES))

    @pytest.mark.parametrize("entries", [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 77])
    async def test_chunks_join_to_the_tree_on_one_core_and_on_two(
        self, town: Town, database: Database, entries: int
    ) -> None:
        await town.append(entries)
        await town.signer().sign(town.connection, LOG)
        one = await verified(town)
        two = await verified(town, cores=2, database=database.dsn("verifier"))
        assert one == two
        assert (one.verification.is_whole, one.verification.entries, one.checkpoints) == (True, entries, 1)
        assert one.verification.checkpoint == Checkpoint(ORIGIN, entries, await town.root())

    async def test_an_interrupted_verification_goes_on_where_it_was(self, town: Town, tmp_path: Path) -> None:
        seen = tmp_path / "seen"
        await town.append(5000)
        await town.signer().sign(town.connection, LOG)
        assert (await verified(town, seen=seen)).verification.is_whole
        reached: list[int] = []
        await town.append(3)
        assert (await verified(town, seen=seen, progress=reached.append)).verification.entries == 5003
        assert reached == [5003]

    async def test_another_logs_file_is_not_gone_on_with(self, town: Town, tmp_path: Path) -> None:
        seen = tmp_path / "seen"
        seen.write_text('{"log":"00000000-0000-0000-0000-000000000001","size":0,"roots":[]}')
        with pytest.raises(NotResumable):
            await verified(town, seen=seen)


class WhenASuperuserRewroteIt:
    @pytest.mark.rule(58)
    @pytest.mark.parametrize(
        ("spoil", "says"),
        [
            ("UPDATE audit.leaf SET entry = 'x' WHERE index = 5", "post 5: er ikke, hvad der blev logget"),
            ("DELETE FROM audit.leaf WHERE index = 5", "post 5: mangler"),
            ("DELETE FROM audit.checkpoint WHERE size = 4", "er et vidnes underskrift på en, der er væk"),
            ("WITH lines AS (DELETE FROM audit.cosignature WHERE size = 4) DELETE FROM audit.checkpoint WHERE size = 4",
             ""),
            ("UPDATE audit.checkpoint SET size = 7 WHERE size = 4", "et andet antal poster"),
            ("UPDATE audit.checkpoint SET note = 'x' WHERE size = 4", "ikke underskrevet med loggens nøgle"),
            ("UPDATE audit.cosignature SET line = replace(line, 'A', 'B') WHERE size = 4", "et vidnes underskrift"),
        ],
    )
    async def test_what_was_spoiled_is_named(self, town: Town, spoil: str, says: str) -> None:
        await signed_town(town, 4, 6)
        await town.as_superuser("DELETE FROM audit.cosignature WHERE size = 4 AND false", spoil)
        found = await verified(town)
        faults = " | ".join(map(str, found.verification.faults))
        assert says in faults
        # A checkpoint that was taken away from the middle harms nothing: the later one covers what it covered.
        assert found.verification.is_whole == (not says)

    @pytest.mark.rule(58)
    async def test_a_cut_tail_with_its_checkpoints_is_remembered_by_the_witnesses(self, town: Town) -> None:
        await signed_town(town, 4, 6)
        await town.cut_tail(4)
        await town.as_superuser(
            "DELETE FROM audit.cosignature WHERE size > 4", "DELETE FROM audit.checkpoint WHERE size > 4"
        )
        assert (await verify_database(town.superuser, LOG)).is_whole
        found = await verified(town)
        assert "husker 10 poster; resten er væk" in str(found.verification.faults[0])
        assert len(found.verification.faults) == 3

    @pytest.mark.rule(58)
    async def test_a_log_rewritten_and_signed_with_the_stolen_key_is_another_log_to_them(self, town: Town) -> None:
        await signed_town(town, 10)
        await town.cut_tail(4)
        await town.forget_the_archive()
        await town.append(6, "opdigtet")
        forged = KEY.sign(Checkpoint(ORIGIN, 10, await town.root()))
        await town.superuser.execute("SELECT audit.keep_checkpoint($1, 10, $2, now())", LOG, forged)
        assert (await verify_database(town.superuser, LOG)).is_whole
        found = await verified(town)
        assert {str(fault) for fault in found.verification.faults} == {
            f"audit.checkpoint: vidnet {name} husker en anden log end denne" for name in NAMES
        }

    @pytest.mark.rule(58)
    async def test_an_archive_that_was_emptied_is_noticed(self, town: Town) -> None:
        await signed_town(town, 10)
        await town.forget_the_archive()
        found = await verified(town)
        assert "ingen underskrift er bevaret" in str(found.verification.faults[0])

    @pytest.mark.rule(58)
    async def test_a_checkpoint_of_another_tree_is_noticed_without_witnesses(self, town: Town) -> None:
        await town.append(10)
        note = KEY.sign(Checkpoint(ORIGIN, 5, bytes(32)))
        await town.superuser.execute("SELECT audit.keep_checkpoint($1, 5, $2, now())", LOG, note)
        stranger = SigningKey(b"s" * 32).sign(Checkpoint(ORIGIN, 6, bytes(32)))
        await town.superuser.execute("SELECT audit.keep_checkpoint($1, 6, $2, now())", LOG, stranger)
        faults = [str(fault) for fault in (await verified(town)).verification.faults]
        assert faults == [
            "audit.checkpoint, post 4: posterne giver en anden rod end den underskrevne",
            "audit.checkpoint, post 5: er ikke underskrevet med loggens nøgle",
            "audit.checkpoint: ingen underskrift er bevaret, så vidnerne kan ikke spørges",
        ]


    @pytest.mark.rule(58)
    @pytest.mark.parametrize("shows", ["forged", "none"])
    async def test_a_fork_that_outgrew_what_the_witnesses_remember_is_another_log_to_them(
        self, town: Town, shows: str
    ) -> None:
        """The log's key is stolen, and the thief shows no witness what he wrote: they cosigned fewer entries."""
        await signed_town(town, 10)
        await town.cut_tail(4)
        await town.forget_the_archive()
        for size in (6, 12):
            await town.append(size, "opdigtet")
            forged = Checkpoint(ORIGIN, 4 + size if size == 6 else 22, await town.root())
            if shows == "forged" or forged.size == 22:
                await town.superuser.execute(
                    "SELECT audit.keep_checkpoint($1, $2, $3, now())", LOG, forged.size, KEY.sign(forged)
                )
        says = {"forged": "husker en anden log end denne", "none": "husker en underskrift, der er væk her"}[shows]
        faults = [str(fault) for fault in (await verified(town)).verification.faults]
        assert len(faults) == 3
        assert all(says in fault for fault in faults)

    @pytest.mark.rule(58)
    async def test_that_a_checkpoint_stands_in_the_archive_does_not_answer_for_it(
        self, town: Town, database: Database
    ) -> None:
        """A policy shows the verifier another archive than it holds; and is no part of what was shipped."""
        await signed_town(town, 1, 30)
        entries = [row["entry"] for row in await town.superuser.fetch("SELECT entry FROM audit.leaf ORDER BY index")]
        await town.cut_tail(1)
        await town.append(30, "opdigtet")
        await town.superuser.execute(
            "CREATE POLICY a ON audit.checkpoint AS RESTRICTIVE FOR SELECT"
            " TO infohus_verifier USING (size <= 1 OR current_query() LIKE 'SELECT size FROM%')"
        )
        verifier = await asyncpg.connect(database.dsn("verifier"))
        try:
            found = await verify_log(
                verifier, LOG, key=KEY.verifier(ORIGIN), witnesses=town.signer().witnesses
            )
        finally:
            await verifier.close()
        faults = [str(fault) for fault in found.verification.faults]
        assert len(entries) == 31
        assert sum("husker en underskrift, der er væk her" in fault for fault in faults) == 3
        assert [fault for fault in faults if "hvem der ser hvad" in fault] == [
            "audit.checkpoint: reglerne for, hvem der ser hvad, er ikke dem, der blev leveret"
        ]


class WhenTheLogIsAtWork:
    async def test_what_was_signed_while_the_witnesses_were_asked_is_verified_and_asked_about_too(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await signed_town(town, 5)
        before_each_question(monkeypatch, [lambda: signed_town(town, 3), lambda: signed_town(town, 2)])
        found = await verified(town)
        assert (found.verification.faults, found.silent, found.signed) == ((), (), 5)

    @pytest.mark.rule(58)
    async def test_what_was_rewritten_then_is_noticed_though_it_was_verified_before(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await signed_town(town, 5)

        async def rewrite() -> None:
            await signed_town(town, 3)
            await town.cut_tail(6)
            await town.append(2, "opdigtet")

        before_each_question(monkeypatch, [rewrite])
        faults = [str(fault) for fault in (await verified(town)).verification.faults]
        assert "audit.leaf, post 7: er ikke vokset af det, der blev underskrevet før" in faults

    @pytest.mark.rule(58)
    async def test_one_that_never_remembers_what_it_is_asked_about_is_named(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await signed_town(town, 5)
        before_each_question(monkeypatch, [lambda: signed_town(town, 1)] * (MOST_ROUNDS + 1))
        faults = [str(fault) for fault in (await verified(town)).verification.faults]
        assert faults == [f"audit.checkpoint: vidnet {name} husker hele tiden noget andet" for name in NAMES]

    async def test_a_witness_that_was_away_is_asked_about_what_it_remembers(self, town: Town) -> None:
        await signed_town(town, 5)
        town.away = {NAMES[0]}
        await signed_town(town, 3)
        town.away.clear()
        found = await verified(town)
        assert (found.verification.faults, found.silent) == ((), ())


class WhenEntriesWereEmptied:
    @pytest.mark.rule(62)
    @pytest.mark.parametrize(("days", "faults"), [(300, 1), (400, 0)])
    async def test_the_witnesses_clocks_say_whether_they_were_old_enough(
        self, town: Town, days: int, faults: int
    ) -> None:
        """A superuser can invent what entries and the log say of time; not when the witnesses first signed them."""
        await signed_town(town, 6)
        said = entry_of(LOG, Emptied(0, 4, AT - timedelta(days=4000)), at=AT)
        await town.superuser.execute("SELECT audit.append($1, $2)", LOG, said)
        await town.as_superuser("UPDATE audit.leaf SET entry = NULL WHERE index < 4")
        town.later = timedelta(days=days)
        town.servers.clear()
        await town.signer().sign(town.connection, LOG)
        found = await verified(town)
        assert len(found.verification.faults) == faults, found.verification.faults

    @pytest.mark.rule(62)
    async def test_one_witness_alone_cannot_say_that_a_year_has_passed(self, town: Town) -> None:
        await signed_town(town, 6)
        said = entry_of(LOG, Emptied(0, 4, AT - timedelta(days=4000)), at=AT)
        await town.superuser.execute("SELECT audit.append($1, $2)", LOG, said)
        await town.as_superuser("UPDATE audit.leaf SET entry = NULL WHERE index < 4")
        town.away = {NAMES[1], NAMES[2]}
        town.later = timedelta(days=400)
        town.servers.clear()
        await town.signer().sign(town.connection, LOG)
        town.away, town.later = {NAMES[0], NAMES[2]}, timedelta()
        town.servers.clear()
        await town.signer().sign(town.connection, LOG)
        lines = await town.superuser.fetch("SELECT witness FROM audit.cosignature WHERE size > 6")
        assert {row["witness"] for row in lines} == {NAMES[0], NAMES[1]}
        town.away.clear()
        assert len((await verified(town)).verification.faults) == 1
