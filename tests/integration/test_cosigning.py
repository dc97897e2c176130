"""What a witness answers counts only when it is its own signature on this very checkpoint."""

from pathlib import Path

import pytest

from infohus.audit import archive
from infohus.audit.checkpoint import Checkpoint, SigningKey
from infohus.audit.cosigning import Silence, Witnesses, WitnessesNotUsable, WitnessPolicy
from infohus.audit.witness import Witness
from town import AT, KEY, LOG, ORIGIN, Town


class WhenAWitnessAnswersStrangely:
    @pytest.mark.parametrize(
        ("status", "text", "why"),
        [
            (200, "", Silence.REFUSED),
            (200, "— dpo.example AAAA\n", Silence.REFUSED),
            (404, "", Silence.REFUSED),
            (403, "", Silence.REFUSED),
            (409, "no number", Silence.REFUSED),
            (409, "99\n", Silence.AHEAD),
            (409, "3\n", Silence.INCONSISTENT),
            (422, "", Silence.INCONSISTENT),
            (500, "", Silence.REFUSED),
        ],
    )
    async def test_it_counts_as_no_cosignature_and_says_why(
        self, town: Town, status: int, text: str, why: Silence
    ) -> None:
        async def send(url: str, body: bytes) -> tuple[int, str]:
            assert (url.endswith("/add-checkpoint"), body[:4]) == (True, b"old ")
            return status, text

        await town.append(3)
        note = KEY.sign(checkpoint := Checkpoint(ORIGIN, 3, await town.root()))
        await archive.keep(town.app, LOG, size=3, note=note, at=AT)
        asked = await Witnesses(town.policy, send).cosign(town.app, LOG, checkpoint, note)
        assert (asked.cosigned, set(asked.silent.values())) == ((), {why})

    async def test_a_cosignature_on_another_tree_is_not_kept(self, town: Town) -> None:
        other = SigningKey(b"l" * 32).sign(Checkpoint(ORIGIN, 3, bytes(32)))
        line = town.witness("dpo.example")
        stolen = line.add(b"old 0\n\n" + other.encode())

        async def send(url: str, body: bytes) -> tuple[int, str]:
            assert (url.endswith("/add-checkpoint"), body[:4]) == (True, b"old ")
            return 200, stolen

        await town.append(3)
        note = KEY.sign(checkpoint := Checkpoint(ORIGIN, 3, await town.root()))
        await archive.keep(town.app, LOG, size=3, note=note, at=AT)
        await Witnesses(town.policy, send).cosign(town.app, LOG, checkpoint, note)
        kept = await archive.newest(town.app, LOG)
        assert kept is not None
        assert kept.lines == ()


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
