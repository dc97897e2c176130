"""An entry that hides whom an act was about is found: it would be missing in those persons' log reports."""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from conftest import Database
from house import MUNICIPAL_LOG, CaseInHand, House, open_house
from infohus.kernel.audit.formats.entry import Entry, Outcome, encode
from infohus.kernel.audit.verification.named_persons import OUT_OF_ORDER, UNNAMED, WITHOUT_CASE
from reconciled import faults_in

LATER = timedelta(minutes=6)
PERSONS = [
    {"name": "Prøve Prøvesen", "cpr_number": "010104-1234"}, {"name": "Anden Andersen", "birth_date": "1990-02-01"},
]


async def append_as_a_superuser(house: House, database: Database, *entries: Entry) -> None:
    """Append entries of any moment: of the application `audit.append` takes none of another than now."""
    house.has_written = True
    superuser = await asyncpg.connect(database.dsn("superuser"))
    async with superuser.transaction():
        for entry in entries:
            await superuser.execute("SELECT audit.append($1, $2)", MUNICIPAL_LOG, encode(entry))
    await superuser.close()


async def forged(house: House, of: CaseInHand, /, **changed: Any) -> Entry:
    """Write an entry as the application would have of a reading, but for what is changed."""
    await of.kommune.get(of.path)
    read = (await house.entries(MUNICIPAL_LOG))[-1]
    assert read.action == "readCase"
    assert len(read.persons) == len(PERSONS)
    return msgspec.structs.replace(
        read, tally=msgspec.UNSET, nonce=secrets.token_urlsafe(16), **{"at": read.at + LATER, **changed}
    )


async def case_with_persons(house: House) -> CaseInHand:
    case = await house.case(subjects=PERSONS)
    for _ in range(3):
        await case.note(about=[])
    return case


class WhenAnEntryHidesWhomItIsAbout:
    @pytest.mark.fault("A17")
    @pytest.mark.rule(58)
    @pytest.mark.rule(64)
    async def test_it_names_nobody_or_not_all(self, house: House, database: Database) -> None:
        case = await case_with_persons(house)
        whole = await forged(house, case)
        await append_as_a_superuser(house, database, whole)
        assert await faults_in(database) == []
        for persons in ([], whole.persons[:1], [secrets.token_urlsafe(16)]):
            before = await faults_in(database)
            await append_as_a_superuser(house, database, await forged(house, case, persons=persons))
            added = [fault for fault in await faults_in(database) if fault not in before]
            place = len(await house.entries(MUNICIPAL_LOG)) - 1
            assert [(fault.table, fault.key, fault.what) for fault in added] == [
                ("audit.leaf", f'["{MUNICIPAL_LOG}", "{place}"]', UNNAMED)
            ]

    @pytest.mark.fault("A17")
    async def test_it_states_a_time_before_the_person_was_known(self, house: House, database: Database) -> None:
        case = await case_with_persons(house)
        late = await forged(house, case)
        early = late.at - timedelta(days=400)
        await append_as_a_superuser(
            house, database, late, msgspec.structs.replace(late, persons=[], at=early, nonce=secrets.token_urlsafe(16)),
            msgspec.structs.replace(late, persons=[], at=late.at - LATER, nonce=secrets.token_urlsafe(16)),
        )
        found = [fault.what for fault in await faults_in(database)]
        assert (found.count(UNNAMED), len(found)) == (2, 3)
        assert any(what.startswith("er dateret over en time før") for what in found)

    @pytest.mark.fault("A17")
    async def test_it_says_that_more_parts_follow_and_none_does(self, database: Database, tmp_path: Path) -> None:
        async with open_house(database, tmp_path) as house:
            case = await case_with_persons(house)
            await append_as_a_superuser(house, database, await forged(house, case, persons=[], part=(1, 3)))
            assert [fault.what for fault in await faults_in(database)] == [UNNAMED]
            first = await forged(house, case, persons=[], part=(1, 2))
            await append_as_a_superuser(house, database, first, await forged(house, case, part=(2, 2)))
            assert [fault.what for fault in await faults_in(database)].count(UNNAMED) == 2

    @pytest.mark.fault("A17")
    async def test_it_names_no_case(self, house: House, database: Database) -> None:
        case = await case_with_persons(house)
        await append_as_a_superuser(
            house, database, await forged(house, case, case=None),
            await forged(house, case, case=None, subject_kind="concern", subject=uuid4()),
            await forged(house, case, case=None, subject_kind="infohus", subject=house.infohus_id),
        )
        assert [fault.what for fault in await faults_in(database)] == [WITHOUT_CASE, WITHOUT_CASE]

    @pytest.mark.fault("A17")
    async def test_what_was_refused_may_name_nobody(self, house: House, database: Database) -> None:
        case = await case_with_persons(house)
        await append_as_a_superuser(
            house, database, await forged(house, case, persons=[], outcome=Outcome.DENIED, reason="not-available")
        )
        assert await faults_in(database) == []


class WhenAnActBeganBeforeAPersonWasRecorded:
    async def test_an_entry_within_minutes_is_not_held_against_it(self, house: House, database: Database) -> None:
        case = await case_with_persons(house)
        await append_as_a_superuser(house, database, await forged(house, case, persons=[], at=(
            await house.entries(MUNICIPAL_LOG)
        )[-1].at + timedelta(seconds=1)))
        assert await faults_in(database) == []


class WhenAnEntryIsDatedBack:
    @pytest.mark.rule(58)
    async def test_it_is_named_once(self, house: House, database: Database) -> None:
        case = await case_with_persons(house)
        entry = await forged(house, case)
        for back in (timedelta(minutes=30), timedelta(minutes=90)):
            entry = msgspec.structs.replace(entry, at=entry.at - back, nonce=secrets.token_urlsafe(16))
            await append_as_a_superuser(house, database, entry)
        for _ in range(2):
            await case.kommune.get(case.path)
        entries = await house.entries(MUNICIPAL_LOG)
        (place,) = [place for place, one in enumerate(entries) if one.at == entry.at]
        said = OUT_OF_ORDER.format(max(range(place), key=lambda before: entries[before].at))
        found = [fault for fault in await faults_in(database) if fault.what == said]
        assert [fault.key for fault in found] == [f'["{MUNICIPAL_LOG}", "{place}"]']
