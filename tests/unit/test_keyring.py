"""The keys one unit of work holds: what its caller's authority can open, and what a wrap for another one changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infohus import errors
from infohus.cases.information import Information, Origin
from infohus.casework.concerns.model import Concern
from infohus.kernel.access.keys_model import SideSecret
from infohus.kernel.access.model import DisclosedKey, RecordKey
from infohus.kernel.audit.formats.entry import Opened
from infohus.kernel.database.tables import Record
from infohus.kernel.sealing.envelope import CannotOpen, Sealed
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.unit_of_work.grants import RecipientCannotBeTold
from infohus.kernel.unit_of_work.keyring import Keyring
from infohus.kernel.unit_of_work.places import sealed_columns_of
from key_tables import MUNICIPALITY, POLICE, PROBATION, Keepers, KeyTables, columns_of

CASE = UUID("01890f3e-0000-7000-8000-0000000000c1")
OTHER_CASE = UUID("01890f3e-0000-7000-8000-0000000000c2")
EXCHANGE = UUID("01890f3e-0000-7000-8000-0000000000e1")
OTHER_PERSON = UUID("01890f3e-0000-7000-8000-0000000000f2")
TEXTS = {"text": "Han vil rejse.", "source": "Skolen"}


@pytest.fixture
def tables(tmp_path: Path) -> KeyTables:
    return KeyTables(Keepers.made(tmp_path / "keys"))


def keyring_of(tables: KeyTables, who: str) -> Keyring:
    """Begin with what is made in this unit alone."""
    return tables.unit(who, CASE).keyring


def information(number: int, **more: Any) -> Information:
    return Information(
        id=UUID(f"01890f3e-0000-7000-8000-0000000000a{number}"), case_id=CASE, authority_id=MUNICIPALITY,
        record_version=1, origin=Origin.ALREADY_HELD, **more,
    )  # fmt: skip


async def noted(tables: KeyTables, number: int = 1) -> Information:
    """Let the municipality note an item: sealed, and its key wrapped for its owner."""
    record = information(number, **TEXTS)
    await tables.write(record)
    return record


async def read(tables: KeyTables, who: str, *records: Record) -> Keyring:
    """Let an authority bring the keys of versions, in a unit of its own."""
    unit = await tables.unit(who, CASE).begun()
    await unit.keyring.bring([version_of(record) for record in records])
    return unit.keyring


def version_of(record: Record) -> tuple[UUID, int]:
    return record.id, record.record_version


def copied(own: RecordKey) -> DisclosedKey:
    """Copy the owner's wrap into a row of the police."""
    columns = {name: value for name, value in columns_of(own).items() if name not in {"authority_id", "person_id"}}
    return DisclosedKey(
        **columns, owner_id=MUNICIPALITY, recipient_id=POLICE, exchange_id=EXCHANGE, number=0, content=bytes(32)
    )


def stored(record: Record) -> dict[str, bytes]:
    return {column: getattr(record, column).envelope for column in sealed_columns_of(type(record))}


class WhenARecordIsSealed:
    def test_its_owner_opens_every_sealed_column_and_nothing_else(self, tables: KeyTables) -> None:
        keyring = keyring_of(tables, MUNICIPALITY)
        record = information(1)
        list(keyring.new(record))
        keyring.seal(record, TEXTS)
        assert all(isinstance(getattr(record, column), Sealed) for column in TEXTS)
        assert keyring.open(record) == TEXTS

    def test_every_opening_is_counted_and_nothing_else(self, tables: KeyTables) -> None:
        keyring = keyring_of(tables, MUNICIPALITY)
        record = information(1)
        list(keyring.new(record))
        keyring.seal(record, TEXTS)
        assert tables.opened == []
        keyring.open(record)
        assert tables.opened == [Opened("information", column, record.id) for column in ("text", "source")]

    def test_what_is_not_said_stays_empty(self, tables: KeyTables) -> None:
        keyring = keyring_of(tables, MUNICIPALITY)
        concern = Concern(id=EXCHANGE, case_id=CASE, authority_id=MUNICIPALITY, record_version=1)
        made = list(keyring.new(concern))
        assert [key.part for key in made] == ["observation", "interpretation", "told_reporter"]
        keyring.seal(concern, {"observation": "Set.", "interpretation": None, "told_reporter": ""})
        assert concern.interpretation is None
        assert keyring.open(concern) == {"observation": "Set.", "told_reporter": ""}

    def test_each_record_has_a_key_of_its_own(self, tables: KeyTables) -> None:
        keyring = keyring_of(tables, MUNICIPALITY)
        made = [key for number in range(1, 6) for key in keyring.new(information(number))]
        assert len({key.key_id for key in made}) == 5

    async def test_it_opens_in_a_later_unit(self, tables: KeyTables) -> None:
        record = await noted(tables)
        later = await read(tables, MUNICIPALITY, record)
        assert later.open(record) == TEXTS


class WhenAStoredValueWasMovedOrPutBack:
    async def test_no_column_opens_in_anothers_place(self, tables: KeyTables) -> None:
        record = await noted(tables)
        record.text, record.source = record.source, record.text
        keyring = await read(tables, MUNICIPALITY, record)
        with pytest.raises(CannotOpen):
            keyring.open(record)

    async def test_no_record_opens_with_anothers_text(self, tables: KeyTables) -> None:
        one, two = await noted(tables, 1), await noted(tables, 2)
        keyring = await read(tables, MUNICIPALITY, one, two)
        two.text, two.source = one.text, one.source
        with pytest.raises(CannotOpen):
            keyring.open(two)

    @pytest.mark.parametrize("with_key_id", [True, False])
    async def test_not_even_with_its_key_moved_along(self, tables: KeyTables, *, with_key_id: bool) -> None:
        one, two = await noted(tables, 1), await noted(tables, 2)
        moved, replaced = tables.record_keys
        replaced.wrapped_key = moved.wrapped_key
        if with_key_id:
            replaced.key_id = moved.key_id
        two.text, two.source = one.text, one.source
        # The wrap itself does not open there, so nothing can be disclosed under it either.
        with pytest.raises(errors.NotAvailable):
            await read(tables, MUNICIPALITY, two)
        with pytest.raises(errors.NotAvailable):
            await tables.disclose(two, MUNICIPALITY, POLICE)

    async def test_no_text_opens_beside_another_clear_column(self, tables: KeyTables) -> None:
        record = await noted(tables)
        keyring = await read(tables, MUNICIPALITY, record)
        record.origin = Origin.COLLECTED
        with pytest.raises(CannotOpen):
            keyring.open(record)

    @pytest.mark.rule(88)
    async def test_a_new_version_has_new_keys_and_no_earlier_text_opens_in_it(
        self, tables: KeyTables
    ) -> None:
        record = await noted(tables)
        earlier = record.text
        keyring = await read(tables, MUNICIPALITY, record)
        record.record_version = 2
        tables.record_keys += keyring.new(record)
        keyring.seal(record, {**TEXTS, "text": "Han bliver hjemme."})
        assert keyring.open(record) == {**TEXTS, "text": "Han bliver hjemme."}
        assert len({key.key_id for key in tables.record_keys}) == 2
        record.text = earlier
        with pytest.raises(CannotOpen):
            keyring.open(record)

    async def test_no_record_opens_in_another_case(self, tables: KeyTables) -> None:
        record = await noted(tables)
        keyring = await read(tables, MUNICIPALITY, record)
        record.case_id = OTHER_CASE
        with pytest.raises(CannotOpen):
            keyring.open(record)


class WhenAnotherAuthorityWantsToRead:
    @pytest.mark.rule(44)
    async def test_there_is_no_key_for_it_until_an_exchange(self, tables: KeyTables) -> None:
        record = await noted(tables)
        with pytest.raises(errors.NotAvailable):
            await read(tables, POLICE, record)

    @pytest.mark.rule(44)
    async def test_the_owners_wrap_copied_into_its_row_does_not_help(self, tables: KeyTables) -> None:
        record = await noted(tables)
        own = tables.record_keys[0]
        tables.disclosed_keys.append(copied(own))
        with pytest.raises(errors.NotAvailable):
            await read(tables, POLICE, record)

    @pytest.mark.rule(44)
    async def test_nor_does_the_owners_secret_beside_it(self, tables: KeyTables) -> None:
        record = await noted(tables)
        tables.disclosed_keys.append(copied(tables.record_keys[0]))
        (own,) = tables.secrets
        tables.secrets.append(SideSecret(**{**columns_of(own), "authority_id": POLICE}))
        with pytest.raises(errors.NotAvailable):
            await read(tables, POLICE, record)

    @pytest.mark.rule(44)
    async def test_an_exchange_adds_wraps_and_changes_nothing_else(self, tables: KeyTables) -> None:
        record, kept = await noted(tables, 1), await noted(tables, 2)
        before, own = (stored(record), stored(kept)), [columns_of(key) for key in tables.record_keys]
        await tables.disclose(record, MUNICIPALITY, POLICE)
        assert (stored(record), stored(kept)) == before
        assert [columns_of(key) for key in tables.record_keys] == own
        assert [(key.record_id, key.recipient_id) for key in tables.disclosed_keys] == [(record.id, POLICE)]
        # Who only reads needs no secret of its own, and makes none.
        assert (await read(tables, POLICE, record)).open(record) == TEXTS
        assert [one.authority_id for one in tables.secrets] == [MUNICIPALITY]
        with pytest.raises(errors.NotAvailable):
            await read(tables, POLICE, record, kept)

    @pytest.mark.rule(44)
    async def test_parts_alone_can_be_disclosed_and_no_more_is_passed_on(self, tables: KeyTables) -> None:
        concern = Concern(
            id=EXCHANGE, case_id=CASE, authority_id=MUNICIPALITY, record_version=1, observation="Set.",
            interpretation="Tolket.", told_reporter="Sagt.",
        )
        await tables.write(concern)
        await tables.disclose(concern, MUNICIPALITY, POLICE, parts=["observation"])
        assert (await read(tables, POLICE, concern)).open(concern) == {"observation": "Set."}
        await tables.disclose(concern, POLICE, PROBATION)
        assert (await read(tables, PROBATION, concern)).open(concern) == {"observation": "Set."}

    @pytest.mark.rule(44)
    async def test_it_needs_nothing_of_the_recipient_but_its_public_key(self, tables: KeyTables) -> None:
        record = await noted(tables)
        secrets = dict(tables.keepers.intake_secrets)
        tables.keepers.intake_secrets.clear()
        with broken(tables.keepers.keeper, POLICE):
            await tables.disclose(record, MUNICIPALITY, POLICE)
        with pytest.raises(errors.NotAvailable):
            await read(tables, POLICE, record)
        tables.keepers.intake_secrets.update(secrets)
        assert (await read(tables, POLICE, record)).open(record) == TEXTS

    async def test_nothing_is_disclosed_to_who_has_no_intake_key(self, tables: KeyTables) -> None:
        record = await noted(tables)
        tables.intake_keys = [key for key in tables.keepers.intake_keys if key.authority_id != POLICE]
        with pytest.raises(RecipientCannotBeTold):
            await tables.disclose(record, MUNICIPALITY, POLICE)
        assert (tables.disclosed_keys, tables.exchange_keys) == ([], [])

    async def test_the_newest_intake_key_is_sealed_to_and_the_older_still_opens(self, tables: KeyTables) -> None:
        first, second = await noted(tables, 1), await noted(tables, 2)
        await tables.disclose(first, MUNICIPALITY, POLICE)
        tables.keepers.add_intake_key(POLICE)
        await tables.disclose(second, MUNICIPALITY, POLICE)
        assert [key.generation for key in tables.exchange_keys] == [1, 2]
        keyring = await read(tables, POLICE, first, second)
        assert [keyring.open(one) for one in (first, second)] == [TEXTS, TEXTS]


class WhenAnExchangeKeyIsTakenIn:
    async def test_it_opens_under_the_own_secret_and_what_was_sealed_is_gone(self, tables: KeyTables) -> None:
        record = await noted(tables)
        await tables.disclose(record, MUNICIPALITY, POLICE)
        await tables.take_in(POLICE, CASE)
        (key,) = tables.exchange_keys
        assert key.sealed is None
        assert {one.authority_id for one in tables.secrets} == {MUNICIPALITY, POLICE}
        tables.keepers.intake_secrets.clear()
        assert (await read(tables, POLICE, record)).open(record) == TEXTS

    async def test_the_secret_that_was_stored_first_counts(self, tables: KeyTables) -> None:
        record = await noted(tables)
        await tables.disclose(record, MUNICIPALITY, POLICE)
        units = [await tables.unit(POLICE, CASE).begun() for _ in range(2)]
        for unit in units:
            await unit.side_keys.take_in(is_first=False)
        for unit in units:
            await unit.side_keys.commit()
        for unit in units:
            await unit.side_keys.store_taken_in()
        assert [one.authority_id for one in tables.secrets] == [MUNICIPALITY, POLICE]
        assert (await read(tables, POLICE, record)).open(record) == TEXTS


class WhenARecipientAlsoWritesTheDatabase:
    async def test_no_other_recipient_opens_or_passes_on_what_it_sealed_under_the_same_key(
        self, tables: KeyTables
    ) -> None:
        record = await noted(tables)
        for recipient in (POLICE, PROBATION):
            await tables.disclose(record, MUNICIPALITY, recipient)
        held = await read(tables, POLICE, record)
        held.seal(record, {"text": "Han er voldelig."})
        for is_taken_in in (False, True):
            if is_taken_in:
                await tables.take_in(PROBATION, CASE)
            reader = await read(tables, PROBATION, record)
            with pytest.raises(CannotOpen):
                reader.open(record)
            with pytest.raises(errors.NotAvailable):
                await tables.disclose(record, PROBATION, POLICE)


class WhenTheSecretIsGone:
    async def test_the_wraps_that_a_backup_still_holds_open_nothing(self, tables: KeyTables) -> None:
        record = await noted(tables)
        tables.secrets.clear()
        with pytest.raises(errors.NotAvailable):
            await read(tables, MUNICIPALITY, record)
        # Nor under a new secret.
        await noted(tables, 2)
        with pytest.raises(errors.NotAvailable):
            await read(tables, MUNICIPALITY, record)


@contextmanager
def broken(keeper: FileKeyKeeper, who: str) -> Iterator[None]:
    """Let a keeper have nothing of an authority."""
    kept, keeper._known = keeper._known, {name: key for name, key in keeper._known.items() if name[0] != who}
    folder = keeper._folder / who
    folder.rename(folder.with_name("away"))
    try:
        yield
    finally:
        folder.with_name("away").rename(folder)
        keeper._known = kept
