"""A text that names a person is found however it is spelt, and what only looks like a number is found (rule 109)."""

from uuid import UUID

import pytest

from infohus.cases.persons.named_in_texts import Found, FoundAs, found_in

OLE, BO = UUID(int=1), UUID(int=2)
PERSONS = {
    OLE: {
        "name": "Ole Sørén Prøve-Olsen", "cpr_number": "010104-1234", "birth_date": "2004-01-01",
        "address": "Søndergade 12, 2635 Ishøj",
    },
    BO: {"name": "Bo Bech"},
}
FOUND = [
    ("Vi så Ole i går.", "Ole", FoundAs.NAME, OLE), ("OLES mor ringede.", "OLES", FoundAs.NAME, OLE),
    ("Ole’s mor ringede.", "Ole’s", FoundAs.NAME, OLE), ("Det er sören.", "sören", FoundAs.NAME, OLE),
    ("Det er Soeren.", "Soeren", FoundAs.NAME, OLE), ("Hr. Prøve-Olsen kom.", "Prøve-Olsen", FoundAs.NAME, OLE),
    ("Da kom Bo.", "Bo", FoundAs.NAME, BO), ("CPR 0101041234 er hans.", "0101041234", FoundAs.CPR_NUMBER, OLE),
    ("CPR 010104 - 1234.", "010104 - 1234", FoundAs.CPR_NUMBER, OLE),
    ("Født 1.1.2004.", "1.1.2004", FoundAs.BIRTH_DATE, OLE),
    ("Født 01/01-04.", "01/01-04", FoundAs.BIRTH_DATE, OLE),
    ("Født 2004-01-01.", "2004-01-01", FoundAs.BIRTH_DATE, OLE),
    ("Han bor på søndergade  12.", "søndergade  12", FoundAs.ADDRESS, OLE),
    ("Nr. 020203-4321 er en andens.", "020203-4321", FoundAs.CPR_LIKE, None),
    ("Nr. 610203-4321 er et erstatningsnummer.", "610203-4321", FoundAs.CPR_LIKE, None),
    ("Ring 12 34 56 78.", "12 34 56 78", FoundAs.PHONE_LIKE, None),
    ("Ring +45 12345678.", "+45 12345678", FoundAs.PHONE_LIKE, None),
    ("Skriv til a.b@skole.dk.", "a.b@skole.dk", FoundAs.MAIL_LIKE, None),
    ("Han hedder @kriger_99 der.", "@kriger_99", FoundAs.ACCOUNT_LIKE, None),
]
NOT_FOUND = [
    "De vil bo sammen.", "Olesen kom.", "Der er 1234567 og 123456789 af dem.", "Sag 2026-00012.", "Kl. 12.30 den 3.",
    "Søndergade 121 er en andens.", "", "Parolen blev råbt.",
]


@pytest.mark.rule(109)
class WhenATextIsLookedThrough:
    @pytest.mark.parametrize(("text", "named", "found_as", "whose"), FOUND)
    def test_it_is_found_at_its_place(self, text: str, named: str, found_as: FoundAs, whose: UUID | None) -> None:
        begins = text.index(named)
        assert found_in(text, PERSONS) == [Found(begins, begins + len(named), found_as, whose)]

    @pytest.mark.parametrize("text", NOT_FOUND)
    def test_what_names_nobody_is_left_alone(self, text: str) -> None:
        assert found_in(text, PERSONS) == []

    def test_a_ligature_before_it_moves_no_place(self) -> None:
        text = "Straße æøå ﬁnder Ole."
        (found,) = found_in(text, PERSONS)
        assert text[found.begins:found.ends] == "Ole"

    def test_each_of_several_is_found(self) -> None:
        assert [one.subject_id for one in found_in("Ole og Bo, og Ole igen.", PERSONS)] == [OLE, BO, OLE]
