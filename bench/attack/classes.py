"""The attacks: what a superuser of the database can do to the log. Each is done once to one run."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from attacked_log import AT, KEY, LOG, LONGEST, ORIGIN, PERSONS, AttackedLog, Run, entry, tree

from infohus.kernel.audit.formats.checkpoint import Checkpoint
from infohus.kernel.audit.formats.emptying import entry_of
from infohus.kernel.audit.formats.entry import Emptied
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore

LYING = (
    "SELECT size FROM audit.frontier WHERE log_id = to_log",
    "SELECT audit.append_truly(to_log, convert_to('{\"authority\":null,\"persons\":[]}', 'UTF8'))",
)
"""Bodies of an append function that says yes and writes nothing, or something else."""

UNCOUNTED = (
    "SELECT audit.append_truly(to_log, "
    "convert_to(replace(convert_from(new_entry, 'UTF8'), '\"persons\":', '\"persons\": '), 'UTF8'))"
)
"""One that writes an entry so that the count passes its person over."""

Attack = Callable[[AttackedLog, Run], Awaitable[None]]


async def mightily(attacked: AttackedLog, statement: str, *values: object) -> None:
    """Run a statement past every trigger."""
    await attacked.superuser.execute("SET session_replication_role = replica")
    await attacked.superuser.execute(statement, *values)
    await attacked.superuser.execute("SET session_replication_role = origin")


async def trim_archive(attacked: AttackedLog, size: int) -> None:
    """Take away every checkpoint of more than `size` entries."""
    await mightily(attacked, "DELETE FROM audit.cosignature WHERE size > $1", size)
    await mightily(attacked, "DELETE FROM audit.checkpoint WHERE size > $1", size)


async def rewrite(attacked: AttackedLog, entries: list[bytes], *, same_until: int) -> None:
    """Write a log anew with every hash right, and take away the checkpoints that tell otherwise."""
    await attacked.write(tree(entries)[0])
    await trim_archive(attacked, same_until)


async def change_an_entry(attacked: AttackedLog, run: Run) -> None:
    """Change one entry and nothing else."""
    await mightily(attacked, "UPDATE audit.leaf SET entry = $1 WHERE index = $2", entry(1, "forged"), run.place())


async def change_an_entry_and_its_hashes(attacked: AttackedLog, run: Run) -> None:
    """Change one entry, and compute every later hash anew."""
    at = run.place()
    await rewrite(attacked, [*run.entries[:at], entry(1, "forged"), *run.entries[at + 1 :]], same_until=at)


async def delete_an_entry(attacked: AttackedLog, run: Run) -> None:
    """Delete one row."""
    await mightily(attacked, "DELETE FROM audit.leaf WHERE index = $1", run.place())


async def delete_an_entry_and_close_the_gap(attacked: AttackedLog, run: Run) -> None:
    """Delete one entry, renumber the rest, and compute every hash anew."""
    at = run.place()
    await rewrite(attacked, [*run.entries[:at], *run.entries[at + 1 :]], same_until=at)


async def insert_an_entry(attacked: AttackedLog, run: Run) -> None:
    """Slip an invented entry in, renumber the rest, and compute every hash anew."""
    at = run.place()
    await rewrite(attacked, [*run.entries[:at], entry(1, "invented"), *run.entries[at:]], same_until=at)


async def reorder(attacked: AttackedLog, run: Run) -> None:
    """Exchange two entries and leave the hashes."""
    one, other = run.dice.sample(range(run.signed), 2)
    for index, other_index in ((one, other), (other, one)):
        await mightily(
            attacked, "UPDATE audit.leaf SET entry = $1 WHERE index = $2", run.entries[other_index], index
        )


async def swap_entries_with_their_hashes(attacked: AttackedLog, run: Run) -> None:
    """Exchange two entries, and compute every hash anew."""
    one, other = sorted(run.dice.sample(range(run.signed), 2))
    entries = list(run.entries)
    entries[one], entries[other] = entries[other], entries[one]
    await rewrite(attacked, entries, same_until=one)


async def renumber(attacked: AttackedLog, run: Run) -> None:
    """Give a row a number behind the end, or exchange two rows' numbers."""
    one, other = run.dice.sample(range(run.signed), 2)
    if run.dice.random() < 0.5:  # noqa: PLR2004 - one half
        await mightily(attacked, "UPDATE audit.leaf SET index = $1 WHERE index = $2", run.size + 5, one)
        return
    await mightily(attacked, "UPDATE audit.leaf SET index = -1 WHERE index = $1", one)
    await mightily(attacked, "UPDATE audit.leaf SET index = $1 WHERE index = $2", one, other)
    await mightily(attacked, "UPDATE audit.leaf SET index = $1 WHERE index = -1", other)


async def cut_the_tail(attacked: AttackedLog, run: Run) -> None:
    """Cut the log's end off, put the frontier right, and trim the archive."""
    size = run.place()
    await rewrite(attacked, run.entries[:size], same_until=size)


async def put_a_backup_back(attacked: AttackedLog, run: Run) -> None:
    """Put the whole database back to when an earlier checkpoint was signed."""
    size = run.dice.choice(run.earlier)
    await rewrite(attacked, run.entries[:size], same_until=size)


async def put_the_machine_back(attacked: AttackedLog, run: Run) -> None:
    """Put database and signer's memory back together: only the witnesses, elsewhere, know better."""
    size = run.dice.choice(run.earlier)
    await rewrite(attacked, run.entries[:size], same_until=size)
    root = tree(run.entries[:size])[1].root()
    CheckpointStore(run.folder / "signed").remember(ORIGIN, KEY.sign(Checkpoint(ORIGIN, size, root)))
    run.signer = attacked.signer()  # the service was started again, on what was put back


async def fork(attacked: AttackedLog, run: Run) -> None:
    """Cut the log off and let it grow again, longer than it was, with other entries."""
    at = run.place()
    others = [entry(number, "another past") for number in range(run.size - at + run.dice.randrange(1, 9))]
    await rewrite(attacked, [*run.entries[:at], *others], same_until=at)


async def rewrite_the_frontier(attacked: AttackedLog, run: Run) -> None:
    """Change the frontier's hashes, or its size, and leave the rows."""
    if run.dice.random() < 0.5:  # noqa: PLR2004 - one half
        spoiled = bytearray(await attacked.superuser.fetchval("SELECT hashes FROM audit.frontier"))
        spoiled[run.dice.randrange(len(spoiled))] ^= 1
        await mightily(attacked, "UPDATE audit.frontier SET hashes = $1", bytes(spoiled))
        return
    size = run.place()
    await mightily(
        attacked, "UPDATE audit.frontier SET size = $1, hashes = $2", size, tree(run.entries[:size])[1].stored
    )


async def set_a_count_back(attacked: AttackedLog, run: Run) -> None:
    """Let the log count a person's entries from an earlier one on, or along another chain, or from the beginning."""
    person = f"person-{(LONGEST + attacked.after + 1) % PERSONS}"  # of whom the house logs next
    statement = run.dice.choice((
        "UPDATE audit.tally SET entries = entries + 1 WHERE person = $1",
        "UPDATE audit.tally SET chain = sha256(chain) WHERE person = $1",
        "DELETE FROM audit.tally WHERE person = $1",
    ))
    await mightily(attacked, statement, person)


async def pass_over_a_person(attacked: AttackedLog, run: Run) -> None:
    """Let one entry in somebody's name go uncounted, by a function that is the true one again before anybody looks."""
    await attacked.replace_append(UNCOUNTED)
    await attacked.append(1, run.signer)
    await attacked.put_append_back()


async def replace_the_function(attacked: AttackedLog, run: Run) -> None:
    """Let audit.append say yes and write nothing, or something else, while the house goes on."""
    await attacked.replace_append(run.dice.choice(LYING))


async def replace_the_function_for_a_moment(attacked: AttackedLog, run: Run) -> None:
    """The same, and put the true function back before anybody looks."""
    await attacked.replace_append(run.dice.choice(LYING))
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
    """Rewrite the log, grow it longer, sign that with the stolen log key, and put archive and memory to it."""
    at = run.place()
    others = [entry(number, "another past") for number in range(run.size - at + run.dice.randrange(1, 9))]
    entries = [*run.entries[:at], *others]
    await rewrite(attacked, entries, same_until=at)
    note = KEY.sign(Checkpoint(ORIGIN, len(entries), tree(entries)[1].root()))
    await attacked.superuser.execute("SELECT audit.keep_checkpoint($1, $2, $3, now())", LOG, len(entries), note)
    CheckpointStore(run.folder / "signed").remember(ORIGIN, note)
    run.signer = attacked.signer()


async def hide_behind_a_policy(attacked: AttackedLog, run: Run) -> None:
    """Rewrite the log, and let the archive show a verifier only what fits, and the sizes of the rest."""
    at = run.place()
    entries = [*run.entries[:at], entry(1, "forged"), *run.entries[at + 1 :]]
    await attacked.write(tree(entries)[0])
    await attacked.superuser.execute(
        "ALTER TABLE audit.checkpoint ENABLE ROW LEVEL SECURITY; CREATE POLICY hiding ON audit.checkpoint FOR SELECT"
        f" TO infohus_verifier USING (size <= {at} OR current_query() LIKE 'SELECT size FROM%')"
    )


async def replay_an_old_checkpoint(attacked: AttackedLog, run: Run) -> None:
    """Show an old checkpoint as the newest: in its row, or by taking the newer ones away."""
    old = run.dice.choice(run.earlier)
    if run.dice.random() < 0.5:  # noqa: PLR2004 - one half
        note = await attacked.superuser.fetchval("SELECT note FROM audit.checkpoint WHERE size = $1", old)
        await mightily(attacked, "UPDATE audit.checkpoint SET note = $1 WHERE size = $2", note, run.signed)
        return
    await trim_archive(attacked, old)


async def disable_the_trigger(attacked: AttackedLog, run: Run) -> None:
    """Switch the append-only trigger off and change an entry in plain sight."""
    await attacked.superuser.execute("ALTER TABLE audit.leaf DISABLE TRIGGER leaf_is_only_emptied")
    await attacked.superuser.execute(
        "UPDATE audit.leaf SET entry = $1 WHERE index = $2", entry(1, "forged"), run.place()
    )


async def empty_the_archive(attacked: AttackedLog, run: Run) -> None:
    """Rewrite one entry with every hash, and take every checkpoint away."""
    at = run.place()
    await rewrite(attacked, [*run.entries[:at], entry(1, "forged"), *run.entries[at + 1 :]], same_until=0)


async def empty_by_hand(attacked: AttackedLog, run: Run) -> None:
    """Take an entry's bytes away as emptying does, or a whole front of them, without the log's own word for it."""
    at = run.place()
    comparison = run.dice.choice(("=", "<="))
    await mightily(attacked, f"UPDATE audit.leaf SET entry = NULL WHERE index {comparison} $1", at)  # noqa: S608


async def empty_young_entries(attacked: AttackedLog, run: Run) -> None:
    """Take the bytes of a front away, and let the log say, with invented moments, that their period was over."""
    stop = run.place() + 1
    moment = AT + timedelta(days=4000)
    said = entry_of(LOG, Emptied(0, stop, moment - timedelta(days=2000)), at=moment)
    await attacked.superuser.execute("SELECT audit.append($1, $2)", LOG, said)
    await mightily(attacked, "UPDATE audit.leaf SET entry = NULL WHERE index < $1", stop)


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
