"""The keys one unit of work holds: what its caller's authority can open, and what a wrap for another one changes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from infohus import errors
from infohus.cases.disclosures.model import Exchange
from infohus.cases.information import Information, Origin
from infohus.casework.concerns.model import Concern
from infohus.kernel.access.model import Case, CaseKey, DisclosedKey, RecordKey
from infohus.kernel.audit.formats.entry import Opened
from infohus.kernel.database.statements import Stored, column_names_of
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.identity.caller import Assurance, AuthorityId, AuthorityKind, Caller, Role
from infohus.kernel.sealing.envelope import CannotOpen, Sealed
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.vault import Vault
from infohus.kernel.unit_of_work.actors import Actor
from infohus.kernel.unit_of_work.keyring import Keyring
from infohus.kernel.unit_of_work.lookup import Party, ResolvedSubject
from infohus.kernel.unit_of_work.places import sealed_columns_of
from infohus.oversight.log_checks.model import LogFinding

MUNICIPALITY, POLICE = "ishoj-kommune", "kbh-vestegns-politi"
KINDS = {MUNICIPALITY: AuthorityKind.MUNICIPALITY, POLICE: AuthorityKind.POLICE}
CASE = UUID("01890f3e-0000-7000-8000-0000000000c1")
OTHER_CASE = UUID("01890f3e-0000-7000-8000-0000000000c2")
EXCHANGE = UUID("01890f3e-0000-7000-8000-0000000000e1")
PERSON = UUID("01890f3e-0000-7000-8000-0000000000f1")
OTHER_PERSON = UUID("01890f3e-0000-7000-8000-0000000000f2")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEXTS = {"text": "Han vil rejse.", "source": "Skolen"}


def caller_of(who: str) -> Caller:
    roles = {MUNICIPALITY: Role.MUNICIPAL_COORDINATOR, POLICE: Role.POLICE_COORDINATOR}
    return Caller(
        person_id=PERSON, authority_id=AuthorityId(who), authority_kind=KINDS[who], role=roles[who],
        assurance=Assurance.SUBSTANTIAL, authenticated_at=NOW, expires_at=NOW, token_digest=b"a token",
    )


def columns_of(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in column_names_of(type(row))}


class Tables:
    """The rows of `record_key`, `disclosed_key` and `case_key` of one case, which answer what a keyring asks."""

    def __init__(self, vault: Vault, case_id: UUID = CASE) -> None:
        self.case_id = case_id
        self.record_keys: list[RecordKey] = []
        self.disclosed_keys: list[DisclosedKey] = []
        self.opened: list[Opened] = []
        self.case_keys = [
            CaseKey(case_id=case_id, authority_id=who, wrapped_key=vault.new_case_key(case_id, who), keeper_key_id="")
            for who in (MUNICIPALITY, POLICE)
        ]

    def wrapped_case_key(self, who: str) -> bytes:
        return next(key.wrapped_key for key in self.case_keys if key.authority_id == who)

    async def ask(self, sql: str, arguments: Sequence[Any]) -> list[Stored]:
        if "record_key" in sql:
            ids, who = arguments
            own = [
                {**columns_of(key), "owner_id": key.authority_id, "exchange_id": None}
                for key in self.record_keys if key.record_id in ids and key.authority_id == who
            ]
            rows = own + [
                columns_of(key) for key in self.disclosed_keys if key.record_id in ids and key.recipient_id == who
            ]
        else:
            rows = [columns_of(key) for key in self.case_keys if key.case_id in arguments]
        return cast(list[Stored], rows)

    def keyring(self, vault: Vault, who: str) -> Keyring:
        """Begin as a unit of an authority does that found the case."""
        parties = {each: Party(KINDS[each], self.wrapped_case_key(each)) for each in KINDS}
        found = ResolvedSubject(case=Case(id=self.case_id), parties=parties, case_key=self.wrapped_case_key(who))
        return Keyring(vault, self.ask, caller_of(who), found, opened=self.opened.append)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(FileKeyKeeper.create(tmp_path / "keys", [MUNICIPALITY, POLICE], []), lambda: NOW)


@pytest.fixture
def tables(vault: Vault) -> Tables:
    return Tables(vault)


def information(number: int, **more: Any) -> Information:
    return Information(
        id=UUID(f"01890f3e-0000-7000-8000-0000000000a{number}"), case_id=CASE, authority_id=MUNICIPALITY,
        record_version=1, origin=Origin.ALREADY_HELD, **more,
    )  # fmt: skip


def noted(vault: Vault, tables: Tables, number: int = 1) -> Information:
    """Let the municipality note an item: sealed, and its key wrapped for its owner."""
    record, keyring = information(number), tables.keyring(vault, MUNICIPALITY)
    tables.record_keys += keyring.new(record)
    keyring.seal(record, TEXTS)
    return record


def version_of(record: Record) -> tuple[UUID, int]:
    return record.id, record.record_version


def copied(own: RecordKey) -> DisclosedKey:
    """Copy the owner's wrap into a row of the police."""
    columns = {name: value for name, value in columns_of(own).items() if name != "authority_id"}
    return DisclosedKey(**columns, owner_id=MUNICIPALITY, recipient_id=POLICE, exchange_id=EXCHANGE)


def stored(record: Record) -> dict[str, bytes]:
    return {column: getattr(record, column).envelope for column in sealed_columns_of(type(record))}


class WhenARecordIsSealed:
    def test_its_owner_opens_every_sealed_column_and_nothing_else(self, vault: Vault, tables: Tables) -> None:
        keyring = tables.keyring(vault, MUNICIPALITY)
        record = information(1)
        list(keyring.new(record))
        keyring.seal(record, TEXTS)
        assert all(isinstance(getattr(record, column), Sealed) for column in TEXTS)
        assert keyring.open(record) == TEXTS

    def test_every_opening_is_counted_and_nothing_else(self, vault: Vault, tables: Tables) -> None:
        keyring = tables.keyring(vault, MUNICIPALITY)
        record = information(1)
        list(keyring.new(record))
        keyring.seal(record, TEXTS)
        assert tables.opened == []
        keyring.open(record)
        assert tables.opened == [Opened("information", column, record.id) for column in ("text", "source")]

    def test_what_is_not_said_stays_empty(self, vault: Vault, tables: Tables) -> None:
        keyring = tables.keyring(vault, MUNICIPALITY)
        concern = Concern(id=EXCHANGE, case_id=CASE, authority_id=MUNICIPALITY, record_version=1)
        made = list(keyring.new(concern))
        assert [key.part for key in made] == ["observation", "interpretation", "told_reporter"]
        keyring.seal(concern, {"observation": "Set.", "interpretation": None, "told_reporter": ""})
        assert concern.interpretation is None
        assert keyring.open(concern) == {"observation": "Set.", "told_reporter": ""}

    def test_each_record_has_a_key_of_its_own(self, vault: Vault, tables: Tables) -> None:
        keyring = tables.keyring(vault, MUNICIPALITY)
        made = [key for number in range(1, 6) for key in keyring.new(information(number))]
        assert len({key.key_id for key in made}) == len({key.wrapped_key for key in made}) == 5

    async def test_it_opens_in_a_later_unit(self, vault: Vault, tables: Tables) -> None:
        record = noted(vault, tables)
        later = tables.keyring(vault, MUNICIPALITY)
        await later.bring([version_of(record)])
        assert later.open(record) == TEXTS


class WhenAStoredValueWasMovedOrPutBack:
    async def test_no_column_opens_in_anothers_place(self, vault: Vault, tables: Tables) -> None:
        record = noted(vault, tables)
        record.text, record.source = record.source, record.text
        keyring = tables.keyring(vault, MUNICIPALITY)
        await keyring.bring([version_of(record)])
        with pytest.raises(CannotOpen):
            keyring.open(record)

    async def test_no_record_opens_with_anothers_text(self, vault: Vault, tables: Tables) -> None:
        one, two = noted(vault, tables, 1), noted(vault, tables, 2)
        keyring = tables.keyring(vault, MUNICIPALITY)
        await keyring.bring([version_of(one), version_of(two)])
        two.text, two.source = one.text, one.source
        with pytest.raises(CannotOpen):
            keyring.open(two)

    @pytest.mark.parametrize("with_key_id", [True, False])
    async def test_not_even_with_its_key_moved_along(self, vault: Vault, tables: Tables, *, with_key_id: bool) -> None:
        one, two = noted(vault, tables, 1), noted(vault, tables, 2)
        moved, replaced = tables.record_keys
        replaced.wrapped_key = moved.wrapped_key
        if with_key_id:
            replaced.key_id = moved.key_id
        two.text, two.source = one.text, one.source
        keyring = tables.keyring(vault, MUNICIPALITY)
        # The wrap itself does not open there, so nothing can be disclosed under it either.
        with pytest.raises(errors.NotAvailable):
            await keyring.bring([version_of(two)])
        with pytest.raises(KeyError):
            list(keyring.wraps_for(POLICE, version_of(two), owner_id=MUNICIPALITY, exchange_id=EXCHANGE))

    async def test_no_text_opens_beside_another_clear_column(self, vault: Vault, tables: Tables) -> None:
        record = noted(vault, tables)
        keyring = tables.keyring(vault, MUNICIPALITY)
        await keyring.bring([version_of(record)])
        record.origin = Origin.COLLECTED
        with pytest.raises(CannotOpen):
            keyring.open(record)

    @pytest.mark.rule(88)
    async def test_a_new_version_has_new_keys_and_no_earlier_text_opens_in_it(
        self, vault: Vault, tables: Tables
    ) -> None:
        record = noted(vault, tables)
        earlier = record.text
        keyring = tables.keyring(vault, MUNICIPALITY)
        await keyring.bring([version_of(record)])
        record.record_version = 2
        tables.record_keys += keyring.new(record)
        keyring.seal(record, {**TEXTS, "text": "Han bliver hjemme."})
        assert keyring.open(record) == {**TEXTS, "text": "Han bliver hjemme."}
        assert len({key.key_id for key in tables.record_keys}) == 2
        record.text = earlier
        with pytest.raises(CannotOpen):
            keyring.open(record)

    async def test_no_record_opens_in_another_case(self, vault: Vault, tables: Tables) -> None:
        record = noted(vault, tables)
        keyring = tables.keyring(vault, MUNICIPALITY)
        await keyring.bring([version_of(record)])
        record.case_id = OTHER_CASE
        with pytest.raises(CannotOpen):
            keyring.open(record)


class WhenAnotherAuthorityWantsToRead:
    @pytest.mark.rule(44)
    async def test_there_is_no_key_for_it_until_an_exchange(self, vault: Vault, tables: Tables) -> None:
        record = noted(vault, tables)
        with pytest.raises(errors.NotAvailable):
            await tables.keyring(vault, POLICE).bring([version_of(record)])

    @pytest.mark.rule(44)
    async def test_the_owners_wrap_copied_into_its_row_does_not_help(self, vault: Vault, tables: Tables) -> None:
        record = noted(vault, tables)
        own = tables.record_keys[0]
        tables.disclosed_keys.append(copied(own))
        with pytest.raises(errors.NotAvailable):
            await tables.keyring(vault, POLICE).bring([version_of(record)])

    @pytest.mark.rule(44)
    async def test_nor_does_the_owners_case_key_beside_it(self, vault: Vault, tables: Tables) -> None:
        record = noted(vault, tables)
        own = tables.record_keys[0]
        tables.disclosed_keys.append(copied(own))
        for key in tables.case_keys:
            key.wrapped_key = tables.wrapped_case_key(MUNICIPALITY)
        with pytest.raises(errors.NotAvailable):
            await tables.keyring(vault, POLICE).bring([version_of(record)])

    @pytest.mark.rule(44)
    async def test_an_exchange_adds_one_wrap_and_changes_nothing_else(self, vault: Vault, tables: Tables) -> None:
        record, kept = noted(vault, tables, 1), noted(vault, tables, 2)
        before, own = (stored(record), stored(kept)), [columns_of(key) for key in tables.record_keys]
        discloser = tables.keyring(vault, MUNICIPALITY)
        await discloser.bring([version_of(record)])
        (added,) = discloser.wraps_for(POLICE, version_of(record), owner_id=MUNICIPALITY, exchange_id=EXCHANGE)
        tables.disclosed_keys.append(added)
        assert (stored(record), stored(kept)) == before
        assert [columns_of(key) for key in tables.record_keys] == own
        assert columns_of(added) == {**columns_of(copied(tables.record_keys[0])), "wrapped_key": added.wrapped_key}
        assert added.wrapped_key != own[0]["wrapped_key"]
        reader = tables.keyring(vault, POLICE)
        await reader.bring([version_of(record)])
        assert reader.open(record) == TEXTS
        with pytest.raises(errors.NotAvailable):
            await reader.bring([version_of(record), version_of(kept)])

    async def test_nothing_is_wrapped_for_who_has_no_case_key(self, vault: Vault, tables: Tables) -> None:
        keyring = tables.keyring(vault, MUNICIPALITY)
        with pytest.raises(errors.RecipientTakesNoPart):
            await keyring.bring_case_key("kriminalforsorgen")


class WhenTheCaseKeyIsGone:
    async def test_the_wraps_that_a_backup_still_holds_open_nothing(self, vault: Vault, tables: Tables) -> None:
        record = noted(vault, tables)
        renewed = Tables(vault)
        renewed.record_keys = tables.record_keys
        with pytest.raises(errors.NotAvailable):
            await renewed.keyring(vault, MUNICIPALITY).bring([version_of(record)])


class WhenSomethingIsKeptForSupervision:
    """Exchanges, actors and findings keep it in tables of different forms; the keyring seals and opens all alike."""

    KEPT = (
        (Exchange(id=EXCHANGE, case_id=CASE, authority_id=MUNICIPALITY, record_version=1), "answers"),
        (Actor(id=EXCHANGE, authority_id=MUNICIPALITY, person_id=OTHER_PERSON), "name"),
        (LogFinding(id=EXCHANGE, check_id=CASE, authority_id=MUNICIPALITY, owner_id=OTHER_PERSON), "text"),
    )

    @pytest.fixture(params=KEPT, ids=lambda kept: type(kept[0]).__tablename__)
    def kept(self, request: pytest.FixtureRequest, vault: Vault, tables: Tables) -> tuple[Row, str]:
        row, column = request.param
        fresh = type(row)(**{name: value for name, value in vars(row).items() if not name.startswith("_")})
        tables.keyring(vault, MUNICIPALITY).seal_for_supervision(fresh, {column: "Sagt i fortrolighed."})
        return fresh, column

    def test_its_authority_opens_it_and_it_is_counted(
        self, kept: tuple[Row, str], vault: Vault, tables: Tables
    ) -> None:
        row, column = kept
        texts = tables.keyring(vault, MUNICIPALITY).open_for_supervision(row, column)
        assert texts == {column: "Sagt i fortrolighed."}
        assert tables.opened == [Opened(row.__tablename__, column, EXCHANGE)]

    def test_another_authority_does_not_and_nothing_is_counted(
        self, kept: tuple[Row, str], vault: Vault, tables: Tables
    ) -> None:
        row, column = kept
        with pytest.raises(errors.NotAvailable):
            tables.keyring(vault, POLICE).open_for_supervision(row, column)
        assert tables.opened == []

    def test_what_was_moved_to_another_row_does_not_open(
        self, kept: tuple[Row, str], vault: Vault, tables: Tables
    ) -> None:
        row, column = kept
        vars(row)["id"] = OTHER_CASE
        with pytest.raises(CannotOpen):
            tables.keyring(vault, MUNICIPALITY).open_for_supervision(row, column)
        assert tables.opened == []

    def test_what_holds_nothing_gives_nothing(self, vault: Vault, tables: Tables) -> None:
        actor = Actor(id=EXCHANGE, authority_id=MUNICIPALITY, person_id=OTHER_PERSON)
        assert tables.keyring(vault, MUNICIPALITY).open_for_supervision(actor, "name", "email") == {}

    def test_a_finding_is_opened_by_the_one_who_answers_for_it_whatever_their_authority(
        self, vault: Vault, tables: Tables
    ) -> None:
        finding = LogFinding(id=EXCHANGE, check_id=CASE, authority_id=MUNICIPALITY, owner_id=PERSON)
        tables.keyring(vault, MUNICIPALITY).seal_for_supervision(finding, {"text": "Hvorfor?"})
        police = tables.keyring(vault, POLICE)
        police.seal_for_supervision(finding, {"answer": "Derfor."})
        assert police.open_for_supervision(finding, "text", "answer") == {"text": "Hvorfor?", "answer": "Derfor."}
        assert len(tables.opened) == 2
