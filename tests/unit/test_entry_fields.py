"""The fields of an entry are the same wherever they are written down: struct, SQL, independent verifier, decision 3."""

import importlib.util
import re
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from uuid import UUID

import msgspec
import pytest

from infohus.kernel.audit.formats.entry import Counted, Emptied, Entry, Opened, Wrote, encode, read
from small_entries import log_id_of, small_entry

ROOT = Path(__file__).parents[2]
ALWAYS = [one.name for one in msgspec.structs.fields(Entry) if one.default is not msgspec.UNSET]
AT_TIMES = [one.name for one in msgspec.structs.fields(Entry) if one.default is msgspec.UNSET]

AT = "2026-03-01T08:00:00Z"
ENTRY = small_entry(
    UUID(int=1), "post", persons=[log_id_of("a")], opened=[Opened("note", "text", UUID(int=2))],
    wrote=[Wrote("insert", "note", ["æ"], 1, None)], asked={"id": ["x"]}, read=[(0, 4)],
    emptied=Emptied(0, 1, datetime(2026, 3, 1, 8, tzinfo=UTC)),
    counted=Counted(datetime(2026, 3, 1, tzinfo=UTC), {"x": 1}), tally=[(1, "00")],
)
ODD_VALUES = (
    b"null", b"[]", b"{}", b'""', b"1", b"-1", b"1.0", b"1e400", b"NaN", b"true", b"9" * 30, b"9" * 5000, b"[" * 3000,
    b"[[" + b"]]", b'"\\ud800"', b'"\\u0061"', b'"\xff"', b'"2026-03-01T08:00:00.5Z"', b'"1999-03-01T08:00:00Z"',
    b'"2026-02-30T08:00:00Z"', b'"2026-03-01T08:00:00"', b'"2026-03-01T08:00:00+00:00"',
    b'"2026-03-01T08:00:00.000000Z"', b'"2026-03-01T08:00:00.000001Z"',
    b'"00000000-0000-0000-0000-00000000000A"', b'"00000000000000000000000000000001"',
)


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify", ROOT / "deploy/verifier/verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.fault("A17")
class WhenAnEntryHasAField:
    def test_the_independent_verifier_knows_it_and_its_place(self, verifier: ModuleType) -> None:
        assert list(verifier.FIELDS) == ALWAYS
        assert list(verifier.AT_TIMES) == AT_TIMES

    def test_the_append_lets_it_in(self) -> None:
        function = (ROOT / "migrations/audit_append.sql").read_text(encoding="utf-8")
        (must,) = re.findall(r"said \?& '\{([^}]*)\}'", function)
        (may,) = re.findall(r"said - '\{([^}]*)\}'", function)
        assert re.split(r",\s*", must) == ALWAYS
        assert [*re.split(r",\s*", may), "tally"] == [*ALWAYS, *AT_TIMES]

    def test_decision_3_describes_it_in_its_place(self) -> None:
        (page,) = (ROOT / "docs/decisions").glob("0003-*.md")
        text = page.read_text(encoding="utf-8")
        always = text[text.index("Every entry has these fields") : text.index("Behind them stand")]
        assert re.findall(r"`([a-z_]+)`", always) == ALWAYS
        assert re.findall(r"^\| `([a-z]+)` \|", text, re.MULTILINE) == AT_TIMES
        assert "per infohus" not in text

    @pytest.mark.parametrize("field", AT_TIMES)
    def test_the_independent_verifier_reads_an_entry_that_has_it(self, verifier: ModuleType, field: str) -> None:
        values = {
            "part": [1, 2], "asked": {"id": ["x"]}, "read": [[0, 4]], "counted": {"minute": AT, "refusals": {}},
            "emptied": {"start": 0, "stop": 1, "before": AT}, "tally": [],
        }
        entry = msgspec.json.decode(small_entry(UUID(int=1), "post"))
        encoded = msgspec.json.encode({**{name: entry[name] for name in ALWAYS}, field: values[field]})
        assert verifier.fields_of(0, encoded)[field] == values[field]
        with pytest.raises(verifier.Wrong):
            verifier.fields_of(0, encoded.replace(f'"{field}":'.encode(), b'"other":'))


class WhenAnEntryIsOdd:
    @pytest.mark.rule(59)
    def test_both_verifiers_take_the_same_for_an_entry(self, verifier: ModuleType) -> None:
        def is_one_there(encoded: bytes) -> bool:
            try:
                verifier.fields_of(0, encoded)
            except verifier.Wrong:
                return False
            return True

        assert is_one_there(ENTRY)
        values = [found.span(1) for found in re.finditer(rb'[:,[](?=("[^"]*"|[0-9]+|null|\[\]|\[|\{))', ENTRY)]
        odd = [ENTRY[:start] + value + ENTRY[stop:] for start, stop in values for value in ODD_VALUES]
        odd += [ENTRY[:place] + more + ENTRY[place:] for place in range(len(ENTRY) + 1) for more in (b" ", b",", b"\n")]
        odd += [ENTRY[:-1] + b",%b}" % field for field in re.findall(rb'"[a-z_]+":(?:"[^"]*"|[0-9]+|null)', ENTRY)]
        odd += [
            re.sub(rb'("[a-z_]+":(?:"[^"]*"|[0-9]+|null))', rb"\1,\1", ENTRY, count=1),
            ENTRY.replace(b'"wrote":[', b'"wrote":[],"wrote":['),
            ENTRY.replace(b'"revision":1', b'"revision":2,"revision":1'),
            ENTRY.replace(b'"id":["x"]', b'"id":["y"],"id":["x"]'), ENTRY.replace(b'"x":1', b'"x":2,"x":1'),
        ]
        ours = [read(encoded) is not None for encoded in odd]
        assert [encoded for encoded, is_ours in zip(odd, ours, strict=True) if is_one_there(encoded) != is_ours] == []
        assert not any(ours[-5:])
        assert any(ours)


class WhenAnEntryIsWritten:
    def test_what_says_nothing_is_left_out(self) -> None:
        entry = msgspec.json.decode(small_entry(UUID(int=1), "post"), type=Entry)
        assert not set(AT_TIMES) & msgspec.json.decode(encode(entry)).keys()
