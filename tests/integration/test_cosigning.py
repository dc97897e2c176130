"""What a witness answers counts only when it is its own signature on this very checkpoint."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey, split_note
from infohus.kernel.audit.formats.cosignature import cosign, cosignatures_on
from infohus.kernel.audit.signing.signer import Signer
from infohus.kernel.audit.storage import archive
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.witness.cosigning import (
    CosignFailure,
    Remembers,
    Round,
    Witnesses,
    WitnessesNotUsable,
    WitnessPolicy,
)
from infohus.kernel.audit.witness.witness import AddCheckpoint, Witness
from town import AT, KEY, LOG, NAMES, ORIGIN, Town

FIRST = SigningKey(NAMES[0][:1].encode() * 32)
NOW = int(AT.timestamp())


def signed_by_the_first(note: str, moment: int) -> str:
    return cosign(split_note(note)[0], FIRST, name=NAMES[0], moment=moment)


LIES: dict[str, Callable[[str], str]] = {
    "a moment beyond the calendar": lambda note: signed_by_the_first(note, 10**12),
    "the last moment there is": lambda note: signed_by_the_first(note, 2**63 - 1),
    "no moment": lambda note: signed_by_the_first(note, 0),
    "a moment long ago": lambda note: signed_by_the_first(note, int((AT - timedelta(hours=2)).timestamp())),
    "a moment too late": lambda note: signed_by_the_first(note, int((AT + timedelta(hours=2)).timestamp())),
    "the whole note signed as its text": lambda note: "\n" + cosign(note, FIRST, name=NAMES[0], moment=NOW),
    "an empty line before": lambda note: "\n" + signed_by_the_first(note, NOW),
    "an empty line behind": lambda note: signed_by_the_first(note, NOW) + "\n",
    "no newline at its end": lambda note: signed_by_the_first(note, NOW)[:-1],
    "a word of its own": lambda note: signed_by_the_first(note, NOW) + "velbekomme\n",
    "a control character": lambda note: signed_by_the_first(note, NOW)[:-1] + "\r\n",
    "half a line more": lambda note: signed_by_the_first(note, NOW) + "— x\n",
    "far too many lines": lambda note: signed_by_the_first(note, NOW) * 2000,
    "nothing": lambda _note: "",
}


def lied_to(town: Town, answer: Callable[[bytes], tuple[int, str]]) -> Signer:
    """Give a signer to whom the first witness answers so; the two others are honest."""

    async def send(url: str, body: bytes) -> tuple[int, str]:
        return answer(body) if NAMES[0] in url else await town.send(url, body)

    witnesses = Witnesses(town.policy, send, lambda: AT)
    return Signer(KEY, CheckpointStore(town.folder / "signed"), witnesses=witnesses, clock=lambda: AT)


class WhenAWitnessAnswersStrangely:
    @pytest.mark.parametrize(
        ("status", "text", "why"),
        [
            (200, "", CosignFailure.REFUSED),
            (200, "— dpo.example AAAA\n", CosignFailure.REFUSED),
            (404, "", CosignFailure.REFUSED),
            (403, "", CosignFailure.REFUSED),
            (409, "no number", CosignFailure.REFUSED),
            (409, "99\n", CosignFailure.AHEAD),
            (409, "3\n", CosignFailure.INCONSISTENT),
            (422, "", CosignFailure.INCONSISTENT),
            (500, "", CosignFailure.REFUSED),
        ],
    )
    async def test_it_counts_as_no_cosignature_and_says_why(
        self, town: Town, status: int, text: str, why: CosignFailure
    ) -> None:
        async def send(url: str, body: bytes) -> tuple[int, str]:
            assert (url.endswith("/add-checkpoint"), body[:4]) == (True, b"old ")
            return status, text

        await town.append(3)
        note = KEY.sign(checkpoint := Checkpoint(ORIGIN, 3, await town.root()))
        await archive.keep(town.connection, LOG, size=3, note=note, at=AT)
        asked = await Witnesses(town.policy, send, lambda: AT).cosign(town.connection, LOG, checkpoint, note)
        assert (asked.cosigned, set(asked.failures.values())) == ((), {why})

    async def test_a_cosignature_on_another_tree_is_not_kept(self, town: Town) -> None:
        other = SigningKey(b"l" * 32).sign(Checkpoint(ORIGIN, 3, bytes(32)))
        line = town.witness("dpo.example")
        stolen = line.add(b"old 0\n\n" + other.encode())

        async def send(url: str, body: bytes) -> tuple[int, str]:
            assert (url.endswith("/add-checkpoint"), body[:4]) == (True, b"old ")
            return 200, stolen

        await town.append(3)
        note = KEY.sign(checkpoint := Checkpoint(ORIGIN, 3, await town.root()))
        await archive.keep(town.connection, LOG, size=3, note=note, at=AT)
        await Witnesses(town.policy, send, lambda: AT).cosign(town.connection, LOG, checkpoint, note)
        kept = await archive.newest(town.connection, LOG, key=KEY.verifier(ORIGIN))
        assert kept is not None
        assert kept.lines == ()


class WhenOneWitnessMisbehaves:
    """The first of the three answers falsely; the two others' cosignatures are kept, and every log is cosigned."""

    @pytest.mark.parametrize("lie", LIES)
    async def test_the_others_lines_are_kept_and_its_own_is_not(self, town: Town, lie: str) -> None:
        await town.append(3)
        signer = lied_to(town, lambda body: (200, LIES[lie](AddCheckpoint.parse(body).note)))
        for _ in range(2):
            await signer.sign_all(town.connection)
        signed = await signer.sign(town.connection, LOG)
        assert signed.cosigned_by == NAMES[1:]
        assert {one.name for one in cosignatures_on(signed.note, town.policy.keys)} == set(NAMES[1:])

    @pytest.mark.parametrize("lie", LIES)
    async def test_it_does_not_agree_either(self, town: Town, lie: str) -> None:
        signer = lied_to(town, lambda body: (200, LIES[lie](AddCheckpoint.parse(body).note)))
        told = await signer.witnesses.remembered(ORIGIN, KEY)
        assert told == {NAMES[0]: None, NAMES[1]: Remembers(0, agrees=True), NAMES[2]: Remembers(0, agrees=True)}

    @pytest.mark.parametrize("seconds", [-3600, 0, 3600])
    async def test_a_clock_that_is_an_hour_off_still_counts(self, town: Town, seconds: int) -> None:
        await town.append(3)
        signer = lied_to(town, lambda body: (200, signed_by_the_first(AddCheckpoint.parse(body).note, NOW + seconds)))
        assert (await signer.sign(town.connection, LOG)).cosigned_by == NAMES

    async def test_a_line_of_another_key_beside_its_own_is_passed_over(self, town: Town) -> None:
        def answer(body: bytes) -> tuple[int, str]:
            note = AddCheckpoint.parse(body).note
            other = cosign(split_note(note)[0], SigningKey(b"x" * 32), name="another.example", moment=NOW)
            return 200, other + signed_by_the_first(note, NOW)

        await town.append(3)
        assert (await lied_to(town, answer).sign(town.connection, LOG)).cosigned_by == NAMES

    async def test_it_cannot_ask_for_a_row_that_is_gone(self, town: Town) -> None:
        await town.append(9)
        signer = lied_to(town, lambda body: (409, "5\n") if body.startswith(b"old 0\n") else (422, ""))
        await town.as_superuser(("DELETE FROM audit.leaf WHERE index = $1", 4))
        note = KEY.sign(checkpoint := Checkpoint(ORIGIN, 9, bytes(32)))
        await archive.keep(town.connection, LOG, size=9, note=note, at=AT)
        asked = await signer.witnesses.cosign(town.connection, LOG, checkpoint, note)
        assert asked == Round(NAMES[1:], {NAMES[0]: CosignFailure.INCONSISTENT})


class WhenTheWitnessesAreNamed:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "need"),
            ("need = 1\n", "witness"),
            ('need = 1\n[[witness]]\nurl = "https://a.example"\nkey = "nothing"\n', "no witness' verifier key"),
            ('need = 2\n[[witness]]\nurl = "https://a.example"\nkey = "{dpo}"\n', "need must be"),
            ('need = 0\n[[witness]]\nurl = "https://a.example"\nkey = "{dpo}"\n', "need must be"),
            ('need = 1\n[[witness]]\nurl = "http://a.example"\nkey = "{dpo}"\n', "must be https"),
            ('need = 1\n[[witness]]\nurl = "https://a.example"\nkey = "{dpo}"\nextra = 1\n', "extra"),
            (
                "need = 2\n"
                + "".join(f'[[witness]]\nurl = "https://{one}.example"\nkey = "{{dpo}}"\n' for one in "ab"),
                "of its own",
            ),
        ],
    )
    def test_what_cannot_be_used_is_refused_with_the_reason(self, tmp_path: Path, text: str, says: str) -> None:
        key = Witness(SigningKey(b"d" * 32), name="dpo.example", folder=tmp_path, logs=[], clock=lambda: AT).verifier
        file = tmp_path / "witnesses.toml"
        file.write_text(text.replace("{dpo}", str(key)), encoding="utf-8")
        with pytest.raises(WitnessesNotUsable, match=says):
            WitnessPolicy.read(file)
