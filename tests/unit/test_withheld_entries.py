"""Wherever an entry names a restricted record and no other, it is withheld; else it is told (rules 64 and 65)."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from infohus.kernel.audit.formats.entry import Entry, Opened, Outcome, Wrote, decode
from infohus.whole_case.rights.model import AccessKind
from infohus.whole_case.rights.withheld_entries import RECORDS, is_withheld, named_by
from small_entries import small_entry

RESTRICTED, OTHER, CASE, EXCHANGE = (UUID(int=number) for number in (1, 2, 3, 4))


def entry(**says: Any) -> Entry:
    """Make an entry on a case that says this."""
    return decode(small_entry(uuid4(), "x", **{"case": CASE, "subject": CASE, "subject_kind": "case", **says}))


def wrote(table: str, *key: object) -> Wrote:
    """Say that a row was inserted."""
    return Wrote("insert", table, [str(one) for one in key], 1, "00")


PLACES: dict[str, dict[str, Any]] = {
    "subject": {"subject": RESTRICTED, "subject_kind": "note"},
    "opened": {"opened": [Opened("note", "text", RESTRICTED)]},
    "opened, beside who it is about": {
        "opened": [Opened("note", "text", RESTRICTED), Opened("subject", "name", OTHER)],
    },
    "wrote": {"wrote": [wrote("note", RESTRICTED), wrote("record_key", "whole", RESTRICTED, 1)]},
    "wrote, as a version": {"wrote": [wrote("screening", RESTRICTED, 2), wrote("signature", OTHER)]},
    "wrote, as a key alone": {"wrote": [wrote("record_key", "whole", RESTRICTED, 1)]},
    "told": {"wrote": [wrote("disclosure", uuid4(), "kbh-vestegns-politi", RESTRICTED)]},
    "told, as a key": {"wrote": [wrote("disclosed_key", uuid4(), 0, "whole", "kbh-vestegns-politi", RESTRICTED)]},
    "asked in an attempt": {"outcome": Outcome.REFUSED, "asked": {"id": [str(RESTRICTED)]}},
    "asked by a body that was not read": {"outcome": Outcome.REFUSED, "asked": {"$": [str(RESTRICTED)]}},
    "asked in the address": {"asked": {"record_id": [str(RESTRICTED)]}},
    "justification": {"justification": f"note:{RESTRICTED}"},
    "reason": {"reason": f"record-not-readable {RESTRICTED}"},
}
"""Every field of an entry in which a record can stand."""
BESIDE: dict[str, dict[str, Any]] = {
    "opened": {"opened": [Opened("note", "text", RESTRICTED), Opened("note", "text", OTHER)]},
    "wrote": {"wrote": [wrote("note", RESTRICTED), wrote("measure", OTHER)]},
    "asked": {"outcome": Outcome.REFUSED, "asked": {"id": [str(RESTRICTED), str(OTHER)]}},
    "told": {"wrote": [wrote("exchange", EXCHANGE), wrote("disclosure", EXCHANGE, "politi", RESTRICTED)]},
}
"""The same beside another record."""


class WhenARecordIsRestricted:
    @pytest.mark.rule(64)
    @pytest.mark.rule(65)
    @pytest.mark.parametrize("place", PLACES)
    def test_an_entry_that_names_no_other_is_withheld(self, place: str) -> None:
        said = entry(**PLACES[place])
        assert RESTRICTED in named_by(said)
        assert is_withheld(said, {RESTRICTED})
        assert not is_withheld(said, {uuid4()})
        assert not is_withheld(said, set())

    @pytest.mark.rule(64)
    @pytest.mark.parametrize("place", BESIDE)
    def test_one_that_names_another_record_too_is_told(self, place: str) -> None:
        said = entry(**BESIDE[place])
        assert not is_withheld(said, {RESTRICTED})
        assert is_withheld(said, {RESTRICTED, OTHER, EXCHANGE})

    def test_no_field_that_can_name_a_record_is_forgotten(self) -> None:
        """A field of the entry that is new is a place, or stands here with what cannot be a record in it."""
        places = {field for place in PLACES.values() for field in place} - {"subject_kind", "outcome"}
        assert {field.name for field in msgspec.structs.fields(Entry)} - places == {
            "v", "at", "log", "caller", "authority", "role", "assurance", "action", "subject_kind", "case", "outcome",
            "policies", "policy_set", "purpose", "recipients", "track", "persons", "correlation", "nonce", "part",
            "read", "emptied", "counted", "tally",
        }

    def test_every_kind_that_can_be_restricted_decides_but_who_it_is_about(self) -> None:
        assert {"restriction", *(kind.value for kind in AccessKind)} - RECORDS == {"subject", "reporter"}
