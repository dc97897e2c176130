"""Texts for supervision: the keyring seals and opens them under keys that no key of a case opens."""

from pathlib import Path
from uuid import UUID

import pytest

from infohus import errors
from infohus.cases.disclosures.model import Exchange
from infohus.kernel.audit.formats.entry import Opened
from infohus.kernel.database.tables import Row
from infohus.kernel.sealing.envelope import CannotOpen
from infohus.kernel.unit_of_work.actors import Actor
from infohus.kernel.unit_of_work.keyring import Keyring
from infohus.oversight.log_checks.model import LogFinding
from key_tables import MUNICIPALITY, PERSON, POLICE, Keepers, KeyTables

CASE = UUID("01890f3e-0000-7000-8000-0000000000c1")
OTHER_CASE = UUID("01890f3e-0000-7000-8000-0000000000c2")
EXCHANGE = UUID("01890f3e-0000-7000-8000-0000000000e1")
OTHER_PERSON = UUID("01890f3e-0000-7000-8000-0000000000f2")


@pytest.fixture
def tables(tmp_path: Path) -> KeyTables:
    return KeyTables(Keepers.made(tmp_path / "keys"))


def keyring_of(tables: KeyTables, who: str) -> Keyring:
    """Begin with what is made in this unit alone."""
    return tables.unit(who, CASE).keyring


class WhenSomethingIsKeptForSupervision:
    """Exchanges, actors and findings keep it in tables of different forms; the keyring seals and opens all alike."""

    KEPT = (
        (Exchange(id=EXCHANGE, case_id=CASE, authority_id=MUNICIPALITY, record_version=1), "answers"),
        (Actor(id=EXCHANGE, authority_id=MUNICIPALITY, person_id=OTHER_PERSON), "name"),
        (LogFinding(id=EXCHANGE, check_id=CASE, authority_id=MUNICIPALITY, owner_id=OTHER_PERSON), "text"),
    )

    @pytest.fixture(params=KEPT, ids=lambda kept: type(kept[0]).__tablename__)
    def kept(self, request: pytest.FixtureRequest, tables: KeyTables) -> tuple[Row, str]:
        row, column = request.param
        fresh = type(row)(**{name: value for name, value in vars(row).items() if not name.startswith("_")})
        keyring_of(tables, MUNICIPALITY).seal_for_supervision(fresh, {column: "Sagt i fortrolighed."})
        return fresh, column

    def test_its_authority_opens_it_and_it_is_counted(
        self, kept: tuple[Row, str], tables: KeyTables
    ) -> None:
        row, column = kept
        texts = keyring_of(tables, MUNICIPALITY).open_for_supervision(row, column)
        assert texts == {column: "Sagt i fortrolighed."}
        assert tables.opened == [Opened(row.__tablename__, column, EXCHANGE)]

    def test_another_authority_does_not_and_nothing_is_counted(
        self, kept: tuple[Row, str], tables: KeyTables
    ) -> None:
        row, column = kept
        with pytest.raises(errors.NotAvailable):
            keyring_of(tables, POLICE).open_for_supervision(row, column)
        assert tables.opened == []

    def test_what_was_moved_to_another_row_does_not_open(
        self, kept: tuple[Row, str], tables: KeyTables
    ) -> None:
        row, column = kept
        vars(row)["id"] = OTHER_CASE
        with pytest.raises(CannotOpen):
            keyring_of(tables, MUNICIPALITY).open_for_supervision(row, column)
        assert tables.opened == []

    def test_what_holds_nothing_gives_nothing(self, tables: KeyTables) -> None:
        actor = Actor(id=EXCHANGE, authority_id=MUNICIPALITY, person_id=OTHER_PERSON)
        assert keyring_of(tables, MUNICIPALITY).open_for_supervision(actor, "name", "email") == {}

    def test_a_finding_is_opened_by_the_one_who_answers_for_it_whatever_their_authority(
        self, tables: KeyTables
    ) -> None:
        finding = LogFinding(id=EXCHANGE, check_id=CASE, authority_id=MUNICIPALITY, owner_id=PERSON)
        keyring_of(tables, MUNICIPALITY).seal_for_supervision(finding, {"text": "Hvorfor?"})
        police = keyring_of(tables, POLICE)
        police.seal_for_supervision(finding, {"answer": "Derfor."})
        assert police.open_for_supervision(finding, "text", "answer") == {"text": "Hvorfor?", "answer": "Derfor."}
        assert len(tables.opened) == 2
