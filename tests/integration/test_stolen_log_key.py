"""What whoever stole the log's key can do with an export and no database: docs/trust.md and deploy/README.md say so."""

import pytest

from infohus.kernel.audit.formats.checkpoint import Checkpoint
from infohus.kernel.audit.formats.cosignature import cosignatures_on
from infohus.kernel.audit.formats.merkle import consistency_ranges, leaf_hash, proof_from, root_of
from infohus.kernel.audit.signing.signer import LogIsBehind
from infohus.kernel.audit.storage import archive
from infohus.kernel.audit.verification.stored_log import verify_log
from infohus.kernel.audit.witness.cosigning import Witnesses
from infohus.kernel.audit.witness.witness import AddCheckpoint
from small_entries import small_entry
from town import KEY, LOG, NAMES, ORIGIN, Town


async def invent(town: Town, *, known: int, invented: int) -> tuple[str, list[int]]:
    """Continue an export with invented entries, and ask the witnesses to cosign; give the note and their answers."""
    entries = [small_entry(LOG, f"post {number}") for number in range(known)] + [b"invented"] * invented
    leaves = [leaf_hash(entry) for entry in entries]
    proof = proof_from(
        consistency_ranges(known, len(leaves)),
        lambda node: root_of(leaves[node[1] << node[0] : (node[1] + 1) << node[0]]),
    )
    note = KEY.sign(Checkpoint(ORIGIN, len(leaves), root_of(leaves)))
    statuses, lines = [], ""
    for name in NAMES:
        status, line = await town.send(f"http://{name}/add-checkpoint", AddCheckpoint(known, tuple(proof), note).body())
        statuses.append(status)
        lines += line
    return note + lines, statuses


class WhenTheKeyAndAnExportAreStolen:
    @pytest.mark.rule(58)
    async def test_honest_witnesses_cosign_what_never_happened_and_the_log_is_locked_out(self, town: Town) -> None:
        await town.append(5)
        signer = town.signer()
        honest = await signer.sign(town.connection, LOG)
        forged, answers = await invent(town, known=5, invented=3)
        assert answers == [200, 200, 200]
        assert len(cosignatures_on(forged, town.policy.keys)) == 3
        await town.append(1)
        assert (await signer.sign(town.connection, LOG)).cosigned_by == ()
        assert signer.alarm(LOG) == "behind"
        with pytest.raises(LogIsBehind, match="husker 8"):
            await town.signer().require_not_behind(town.connection)
        watched = await verify_log(town.connection, LOG, key=KEY.verifier(ORIGIN), witnesses=signer.witnesses)
        assert "husker 8 poster; resten er væk" in " | ".join(map(str, watched.verification.faults))
        # The database still holds what happened, whole and signed; the last that was cosigned is the last honest one.
        alone = await verify_log(town.connection, LOG, key=KEY.verifier(ORIGIN), witnesses=Witnesses())
        assert (alone.verification.is_whole, alone.verification.entries, alone.signed) == (True, 6, 6)
        assert await archive.last_cosigned_by(town.connection, LOG, town.policy.keys[0]) == honest.checkpoint.size == 5

    async def test_a_log_that_outgrew_the_invention_is_another_to_the_witnesses(self, town: Town) -> None:
        await town.append(5)
        signer = town.signer()
        await signer.sign(town.connection, LOG)
        await invent(town, known=5, invented=1)
        await town.append(4)
        assert (await signer.sign(town.connection, LOG)).cosigned_by == ()
        assert signer.alarm(LOG) == "rewritten"

    async def test_a_log_at_rest_does_not_notice_until_it_grows_but_whoever_watches_does(self, town: Town) -> None:
        await town.append(5)
        signer = town.signer()
        await signer.sign(town.connection, LOG)
        await invent(town, known=5, invented=1)
        await signer.sign(town.connection, LOG)
        assert signer.alarm(LOG) is None
        watched = await verify_log(town.connection, LOG, key=KEY.verifier(ORIGIN), witnesses=signer.witnesses)
        assert not watched.verification.is_whole
