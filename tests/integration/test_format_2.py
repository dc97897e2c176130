"""Format 2 as other people's tools read it: what is no entry is named, and an act of several entries must be whole."""

from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from exported_logs import LOG, entry, verifier, write_entries
from infohus.kernel.audit.formats.entry import Wrote, decode, encode_parts
from infohus.kernel.audit.verification.tally import tally_faults
from small_entries import small_entry


def several_parts() -> list[bytes]:
    """Write an act that is too large for one entry, on nobody."""
    act = decode(small_entry(LOG, "large", correlation="one act"))
    wrote = [Wrote("insert", "note", [str(UUID(int=number))], 1, "0" * 64) for number in range(900)]
    return encode_parts(msgspec.structs.replace(act, wrote=wrote))


class WhenALogIsVerified:
    @pytest.mark.fault("A17")
    def test_what_is_no_entry_of_format_2_is_named(self, tmp_path: Path) -> None:
        good = [entry(number) for number in range(5)]
        for bad in (
            b"not json", b"[]", b"{}", entry(3).replace(b'"v":2', b'"v":1'), entry(3).replace(b'"ordinary"', b'"x"'),
            entry(3).replace(b'"wrote":[]', b'"wrote":[{}]'), entry(3)[:-1] + b',"more":1}',
        ):
            folder = write_entries(tmp_path / str(len(list(tmp_path.iterdir()))), [*good, bad])
            assert verifier(folder, "--key", folder / "log.pub") == (1, "WRONG: entry 5 is no entry of format 2"), bad
            assert [one.index for one in tally_faults(folder, 6)] == [5]

    @pytest.mark.fault("B2")
    def test_an_act_of_several_entries_must_have_all_its_parts_beside_one_another(self, tmp_path: Path) -> None:
        parts = several_parts()
        assert len(parts) > 2
        whole = [entry(0), *parts, entry(1), *parts]
        for how, entries in {
            "whole": whole, "the first is missing": [entry(0), *parts[1:]], "one is missing": [*parts[:1], *parts[2:]],
            "the last is missing": parts[:-1], "another act between": [parts[0], entry(1), *parts[1:]],
            "another act instead": [parts[0], entry(1)], "in another order": [*parts[1:], parts[0]],
        }.items():
            folder = write_entries(tmp_path / how, entries)
            code, said = verifier(folder, "--key", folder / "log.pub")
            assert (code, "act" in said) == ((0, False) if how == "whole" else (1, True)), (how, said)
            assert bool(tally_faults(folder, len(entries))) == (how != "whole"), how
