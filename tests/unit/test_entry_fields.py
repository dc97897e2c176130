"""The fields of an entry are the same wherever they are written down: struct, SQL, independent verifier, decision 3."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from uuid import UUID

import msgspec
import pytest

from infohus.kernel.audit.formats.entry import Entry, encode
from small_entries import small_entry

ROOT = Path(__file__).parents[2]
ALWAYS = [one.name for one in msgspec.structs.fields(Entry) if one.default is not msgspec.UNSET]
AT_TIMES = [one.name for one in msgspec.structs.fields(Entry) if one.default is msgspec.UNSET]


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
        assert verifier.FIELDS == ALWAYS
        assert verifier.AT_TIMES == AT_TIMES

    def test_the_append_lets_it_in(self) -> None:
        function = (ROOT / "migrations/audit.sql").read_text(encoding="utf-8")
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
            "part": [1, 2], "asked": {"id": ["x"]}, "read": [[0, 4]], "counted": {"minute": "", "refusals": {}},
            "emptied": {"start": 0, "stop": 1, "before": ""}, "tally": [],
        }
        entry = msgspec.json.decode(small_entry(UUID(int=1), "post"))
        encoded = msgspec.json.encode({**{name: entry[name] for name in ALWAYS}, field: values[field]})
        assert verifier.fields_of(0, encoded)[field] == values[field]
        with pytest.raises(verifier.Wrong):
            verifier.fields_of(0, encoded.replace(f'"{field}":'.encode(), b'"other":'))


class WhenAnEntryIsWritten:
    def test_what_says_nothing_is_left_out(self) -> None:
        entry = msgspec.json.decode(small_entry(UUID(int=1), "post"), type=Entry)
        assert not set(AT_TIMES) & msgspec.json.decode(encode(entry)).keys()
