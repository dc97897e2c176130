"""A machine that remembers no signed checkpoint, as after a restore, opens only when enough witnesses answered."""

from uuid import UUID

import pytest

from infohus.kernel.audit.formats.checkpoint import Checkpoint
from infohus.kernel.audit.formats.merkle import EMPTY_ROOT
from infohus.kernel.audit.signing.signer import TooFewWitnessesAnswered
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.witness.cosigning import Witnesses, WitnessPolicy
from town import KEY, LOG, NAMES, Town

OTHER_LOG = UUID(int=8)


def signed_by_the_key(origin: str) -> tuple[str, str]:
    """Give the origin and the signed note of another, empty log."""
    return origin, KEY.sign(Checkpoint(origin, 0, EMPTY_ROOT))


@pytest.mark.fault("E3")
class WhenAMachineRemembersNothing:
    @pytest.mark.parametrize("is_archived", [True, False], ids=["archived", "nothing archived"])
    @pytest.mark.parametrize("away", [set(NAMES), set(NAMES[:2]), set(NAMES[1:])], ids=len)
    async def test_a_machine_that_remembers_nothing_waits_for_enough_witnesses(
        self, town: Town, away: set[str], is_archived: bool  # noqa: FBT001 - a parameter of the test
    ) -> None:
        await town.append(4)
        await town.signer().sign(town.connection, LOG)
        if not is_archived:
            await town.forget_the_archive()
        town.away = away
        there = [name for name in NAMES if name not in away]
        with pytest.raises(TooFewWitnessesAnswered) as refused:
            await town.signer(store="new").require_not_behind(town.connection)
        assert (refused.value.answered, refused.value.silent) == (tuple(there), tuple(sorted(away, key=NAMES.index)))
        assert f"Svarede: {', '.join(there) or 'ingen'}. Svarede ikke: " in str(refused.value)
        town.away = {NAMES[0]}
        await town.signer(store="new").require_not_behind(town.connection)

    async def test_one_lost_checkpoint_is_a_lost_memory_too(self, town: Town) -> None:
        await town.append(4)
        await town.signer().sign(town.connection, LOG)
        await town.superuser.execute("SELECT audit.open_log($1, 'infohus.test/other')", OTHER_LOG)
        CheckpointStore(town.folder / "new").remember(*signed_by_the_key("infohus.test/other"))
        town.away = set(NAMES)
        with pytest.raises(TooFewWitnessesAnswered):
            await town.signer(store="new").require_not_behind(town.connection)

    async def test_a_log_that_was_made_since_the_last_start_waits_for_nobody(self, town: Town) -> None:
        CheckpointStore(town.folder / "signed").remember(*signed_by_the_key("infohus.test/other"))
        await town.superuser.execute("SELECT audit.open_log($1, 'infohus.test/other')", OTHER_LOG)
        await town.append(4)
        town.away = set(NAMES)
        await town.signer().require_not_behind(town.connection)

    async def test_an_empty_log_waits_for_nobody(self, town: Town) -> None:
        town.away = set(NAMES)
        await town.signer().require_not_behind(town.connection)


class WhenAnswersAreCounted:
    @pytest.mark.fault("E3")
    @pytest.mark.parametrize(("need", "count", "quorum"), [(1, 1, 1), (2, 3, 2), (1, 3, 3), (3, 3, 3), (3, 5, 3)])
    def test_one_of_those_that_answer_saw_what_enough_cosigned(
        self, town: Town, need: int, count: int, quorum: int
    ) -> None:
        keys = town.policy.keys
        several = tuple(keys[place % len(keys)] for place in range(count))
        assert Witnesses(WitnessPolicy(need, several, ("http://x",) * count)).quorum == quorum
        assert need + quorum > count

    def test_without_witnesses_none_is_asked(self) -> None:
        assert Witnesses().quorum == 0
