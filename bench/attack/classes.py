"""The attacks: what a superuser of the database can do to the log. Each function does one attack to one run."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from attacked_log import AT, KEY, LOG, LONGEST, ORIGIN, AttackedLog, Run, entry, person, tree

from infohus.kernel.audit.formats.checkpoint import Checkpoint
from infohus.kernel.audit.formats.emptying import entry_of
from infohus.kernel.audit.formats.entry import Emptied
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore

FALSE_APPENDS = (
    "SELECT size FROM audit.frontier WHERE log_id = to_log",
    ("SELECT max(audit.append_truly(to_log, convert_to(replace(convert_from(one, 'UTF8'), 'after', 'x'), 'UTF8')))"
     " FROM unnest(new_entries) one"),
)
"""Bodies of an append function that reports success and writes nothing, or another entry."""

UNCOUNTED_APPEND = (
    "SELECT audit.append_truly(to_log, VARIADIC new_entries); UPDATE audit.tally SET entries = entries - 1; "
    "SELECT size - 1 FROM audit.frontier WHERE log_id = to_log"
)
"""One that counts the entry's person, and takes that back, so that the next entry has the same number."""

Attack = Callable[[AttackedLog, Run], Awaitable[None]]


async def past_triggers(attacked: AttackedLog, statement: str, *values: object) -> None:
    """Run a statement with all triggers off."""
    await attacked.superuser.execute("SET session_replication_role = replica")
    await attacked.superuser.execute(statement, *values)
    await attacked.superuser.execute("SET session_replication_role = origin")


async def trim_archive(attacked: AttackedLog, size: int) -> None:
    """Delete every checkpoint of more than `size` entries."""
    await past_triggers(attacked, "DELETE FROM audit.cosignature WHERE size > $1", size)
    await past_triggers(attacked, "DELETE FROM audit.checkpoint WHERE size > $1", size)


async def rewrite(attacked: AttackedLog, entries: list[bytes], *, same_until: int) -> None:
    """Replace the log by one with correct hashes, and delete the checkpoints that contradict it."""
    await attacked.write(tree(entries)[0])
    await trim_archive(attacked, same_until)


async def change_an_entry(attacked: AttackedLog, run: Run) -> None:
    """Change one entry and nothing else."""
    await past_triggers(attacked, "UPDATE audit.leaf SET entry = $1 WHERE index = $2", entry(1, "forged"), run.place())


async def change_an_entry_and_its_hashes(attacked: AttackedLog, run: Run) -> None:
    """Change one entry, and compute every later hash anew."""
    at = run.place()
    await rewrite(attacked, [*run.entries[:at], entry(1, "forged"), *run.entries[at + 1 :]], same_until=at)


async def delete_an_entry(attacked: AttackedLog, run: Run) -> None:
    """Delete one row."""
    await past_triggers(attacked, "DELETE FROM audit.leaf WHERE index = $1", run.place())


async def delete_an_entry_and_close_the_gap(attacked: AttackedLog, run: Run) -> None:
    """Delete one entry, renumber the rest, and compute every hash anew."""
    at = run.place()
    await rewrite(attacked, [*run.entries[:at], *run.entries[at + 1 :]], same_until=at)


async def insert_an_entry(attacked: AttackedLog, run: Run) -> None:
    """Insert an invented entry, renumber the rest, and compute every hash anew."""
    at = run.place()
    await rewrite(attacked, [*run.entries[:at], entry(1, "invented"), *run.entries[at:]], same_until=at)


async def reorder(attacked: AttackedLog, run: Run) -> None:
    """Exchange two entries and leave the hashes."""
    one, other = run.dice.sample(range(run.signed), 2)
    for index, other_index in ((one, other), (other, one)):
        await past_triggers(
            attacked, "UPDATE audit.leaf SET entry = $1 WHERE index = $2", run.entries[other_index], index
        )


async def swap_entries_with_their_hashes(attacked: AttackedLog, run: Run) -> None:
    """Exchange two entries, and compute every hash anew."""
    one, other = sorted(run.dice.sample(range(run.signed), 2))
    entries = list(run.entries)
    entries[one], entries[other] = entries[other], entries[one]
    await rewrite(attacked, entries, same_until=one)


async def renumber(attacked: AttackedLog, run: Run) -> None:
    """Give a row an index beyond the end, or exchange two rows' indexes."""
    one, other = run.dice.sample(range(run.signed), 2)
    if run.dice.random() < 0.5:  # noqa: PLR2004 - one half
        await past_triggers(attacked, "UPDATE audit.leaf SET index = $1 WHERE index = $2", run.size + 5, one)
        return
    await past_triggers(attacked, "UPDATE audit.leaf SET index = -1 WHERE index = $1", one)
    await past_triggers(attacked, "UPDATE audit.leaf SET index = $1 WHERE index = $2", one, other)
    await past_triggers(attacked, "UPDATE audit.leaf SET index = $1 WHERE index = -1", other)


async def cut_the_tail(attacked: AttackedLog, run: Run) -> None:
    """Cut the log's end off, correct the frontier, and trim the archive."""
    size = run.place()
    await rewrite(attacked, run.entries[:size], same_until=size)


async def put_a_backup_back(attacked: AttackedLog, run: Run) -> None:
    """Restore the whole database to when an earlier checkpoint was signed."""
    size = run.dice.choice(run.earlier)
    await rewrite(attacked, run.entries[:size], same_until=size)


async def put_the_machine_back(attacked: AttackedLog, run: Run) -> None:
    """Restore both the database and the signer's checkpoint store: only the witnesses remember more."""
    size = run.dice.choice(run.earlier)
    await rewrite(attacked, run.entries[:size], same_until=size)
    root = tree(run.entries[:size])[1].root()
    CheckpointStore(run.folder / "signed").remember(ORIGIN, KEY.sign(Checkpoint(ORIGIN, size, root)))
    run.signer = attacked.signer()  # the service was started again on what was restored


async def fork(attacked: AttackedLog, run: Run) -> None:
    """Cut the log off and append other entries, more than there were."""
    at = run.place()
    others = [entry(number, "another past") for number in range(run.size - at + run.dice.randrange(1, 9))]
    await rewrite(attacked, [*run.entries[:at], *others], same_until=at)


async def rewrite_the_frontier(attacked: AttackedLog, run: Run) -> None:
    """Change the frontier's hashes, or its size, and leave the rows."""
    if run.dice.random() < 0.5:  # noqa: PLR2004 - one half
        spoiled = bytearray(await attacked.superuser.fetchval("SELECT hashes FROM audit.frontier"))
        spoiled[run.dice.randrange(len(spoiled))] ^= 1
        await past_triggers(attacked, "UPDATE audit.frontier SET hashes = $1", bytes(spoiled))
        return
    size = run.place()
    await past_triggers(
        attacked, "UPDATE audit.frontier SET size = $1, hashes = $2", size, tree(run.entries[:size])[1].stored
    )


async def set_a_count_back(attacked: AttackedLog, run: Run) -> None:
    """Change a person's stored count or chain, or delete both, so that counting starts again."""
    whom = person(LONGEST + attacked.after + 1)  # on whom the next entry is
    statement = run.dice.choice((
        "UPDATE audit.tally SET entries = entries + 1 WHERE person = $1",
        "UPDATE audit.tally SET chain = sha256(chain) WHERE person = $1",
        "DELETE FROM audit.tally WHERE person = $1",
    ))
    await past_triggers(attacked, statement, whom)


async def pass_over_a_person(attacked: AttackedLog, run: Run) -> None:
    """Replace the append function, leave one entry uncounted, and restore the function before anyone checks."""
    await attacked.replace_append(UNCOUNTED_APPEND)
    await attacked.append(1, run.signer)
    await attacked.put_append_back()


async def replace_the_function(attacked: AttackedLog, run: Run) -> None:
    """Let audit.append report success and write nothing, or another entry."""
    await attacked.replace_append(run.dice.choice(FALSE_APPENDS))


async def replace_the_function_for_a_moment(attacked: AttackedLog, run: Run) -> None:
    """The same, and restore the shipped function before anyone checks."""
    await attacked.replace_append(run.dice.choice(FALSE_APPENDS))
    await attacked.append(run.dice.randrange(1, 4), run.signer)
    await attacked.put_append_back()


async def forge_a_checkpoint(attacked: AttackedLog, run: Run) -> None:
    """Rewrite the log and sign it with the stolen log key, for the same number of entries."""
    at = run.place()
    entries = [*run.entries[:at], entry(1, "forged"), *run.entries[at + 1 :]]
    await rewrite(attacked, entries, same_until=at)
    note = KEY.sign(Checkpoint(ORIGIN, run.signed, tree(entries[: run.signed])[1].root()))
    await attacked.superuser.execute("SELECT audit.keep_checkpoint($1, $2, $3, now())", LOG, run.signed, note)


async def outgrow_with_the_stolen_key(attacked: AttackedLog, run: Run) -> None:
    """Rewrite and extend the log, sign it with the stolen log key, and change archive and checkpoint store to match."""
    at = run.place()
    others = [entry(number, "another past") for number in range(run.size - at + run.dice.randrange(1, 9))]
    entries = [*run.entries[:at], *others]
    await rewrite(attacked, entries, same_until=at)
    note = KEY.sign(Checkpoint(ORIGIN, len(entries), tree(entries)[1].root()))
    await attacked.superuser.execute("SELECT audit.keep_checkpoint($1, $2, $3, now())", LOG, len(entries), note)
    CheckpointStore(run.folder / "signed").remember(ORIGIN, note)
    run.signer = attacked.signer()


async def hide_behind_a_policy(attacked: AttackedLog, run: Run) -> None:
    """Rewrite the log, and hide the checkpoints that contradict it, but not their sizes, by a row policy."""
    at = run.place()
    entries = [*run.entries[:at], entry(1, "forged"), *run.entries[at + 1 :]]
    await attacked.write(tree(entries)[0])
    await attacked.superuser.execute(
        "CREATE POLICY hiding ON audit.checkpoint AS RESTRICTIVE FOR SELECT"
        f" TO infohus_verifier USING (size <= {at} OR current_query() LIKE 'SELECT size FROM%')"
    )


async def replay_an_old_checkpoint(attacked: AttackedLog, run: Run) -> None:
    """Present an old checkpoint as the newest: by its note in the newest row, or by deleting the newer ones."""
    old = run.dice.choice(run.earlier)
    if run.dice.random() < 0.5:  # noqa: PLR2004 - one half
        note = await attacked.superuser.fetchval("SELECT note FROM audit.checkpoint WHERE size = $1", old)
        await past_triggers(attacked, "UPDATE audit.checkpoint SET note = $1 WHERE size = $2", note, run.signed)
        return
    await trim_archive(attacked, old)


async def disable_the_trigger(attacked: AttackedLog, run: Run) -> None:
    """Disable the append-only trigger, and change an entry."""
    await attacked.superuser.execute("ALTER TABLE audit.leaf DISABLE TRIGGER leaf_is_only_emptied")
    await attacked.superuser.execute(
        "UPDATE audit.leaf SET entry = $1 WHERE index = $2", entry(1, "forged"), run.place()
    )


async def empty_the_archive(attacked: AttackedLog, run: Run) -> None:
    """Change one entry, compute every later hash anew, and delete every checkpoint."""
    at = run.place()
    await rewrite(attacked, [*run.entries[:at], entry(1, "forged"), *run.entries[at + 1 :]], same_until=0)


async def empty_by_hand(attacked: AttackedLog, run: Run) -> None:
    """Set one entry, or all up to it, to NULL as emptying does, without an entry that says so."""
    at = run.place()
    comparison = run.dice.choice(("=", "<="))
    await past_triggers(attacked, f"UPDATE audit.leaf SET entry = NULL WHERE index {comparison} $1", at)  # noqa: S608


async def empty_young_entries(attacked: AttackedLog, run: Run) -> None:
    """Empty the log's first entries, and put an entry behind the last that says by invented dates: they were old.

    The append takes none of a day ahead, so the row and the hashes are the superuser's own.
    """
    stop = run.place() + 1
    moment = AT + timedelta(days=4000)
    said = entry_of(LOG, Emptied(0, stop, moment - timedelta(days=2000)), at=moment)
    await rewrite(attacked, [*run.entries, said], same_until=len(run.entries))
    await past_triggers(attacked, "UPDATE audit.leaf SET entry = NULL WHERE index < $1", stop)


ATTACKS: dict[str, Attack] = {
    "an entry changed": change_an_entry,
    "an entry changed, hashes recomputed": change_an_entry_and_its_hashes,
    "an entry deleted": delete_an_entry,
    "an entry deleted, gap closed": delete_an_entry_and_close_the_gap,
    "an entry inserted": insert_an_entry,
    "entries reordered": reorder,
    "entries swapped, hashes recomputed": swap_entries_with_their_hashes,
    "rows renumbered": renumber,
    "tail cut off": cut_the_tail,
    "backup put back": put_a_backup_back,
    "whole machine put back": put_the_machine_back,
    "log forked and grown longer": fork,
    "frontier rewritten": rewrite_the_frontier,
    "a person's count changed": set_a_count_back,
    "a person not counted, for a moment": pass_over_a_person,
    "append function replaced": replace_the_function,
    "append function replaced for a moment": replace_the_function_for_a_moment,
    "checkpoint forged with the stolen log key": forge_a_checkpoint,
    "log outgrown with the stolen log key": outgrow_with_the_stolen_key,
    "archive hidden behind a policy": hide_behind_a_policy,
    "old checkpoint replayed": replay_an_old_checkpoint,
    "trigger disabled, entry changed": disable_the_trigger,
    "rewritten, archive emptied": empty_the_archive,
    "entries emptied by hand": empty_by_hand,
    "young entries emptied, with a lie in the log": empty_young_entries,
}
