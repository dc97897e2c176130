"""Units of work begun by the test itself, without HTTP: what an operation could do wrong, and interruptions."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
import sqlalchemy as sa

from house import MUNICIPAL_LOG, MUNICIPALITY, POLICE, CaseInHand, House, now
from infohus import errors
from infohus.app import create_app
from infohus.cases.information import Information, InformationDraft, note_information
from infohus.casework.concerns.model import Concern
from infohus.casework.concerns.operations import ConcernDraft, record_concern
from infohus.kernel.access.model import Case, Infohus
from infohus.kernel.audit.formats.entry import Opened, Outcome
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.pool import KEYS, open_pool
from infohus.kernel.database.statements import column_names_of
from infohus.kernel.database.tables import Row
from infohus.kernel.identity.caller import Assurance, AuthorityId, AuthorityKind, Caller, Role
from infohus.kernel.unit_of_work.audit_draft import IdempotencyKey
from infohus.kernel.unit_of_work.begin import UnitsOfWork
from infohus.kernel.unit_of_work.keyring import Keyring
from infohus.kernel.unit_of_work.pending_writes import NotUnderLock
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.web.api_examples import EXAMPLES

BY_ID = sa.select(Information).where(Information.id == sa.bindparam("id"))


@asynccontextmanager
async def units_of(house: House) -> AsyncIterator[UnitsOfWork]:
    """Give units of work of the installation in the test's event loop; the application's own run in its client's."""
    provided: Any = create_app(house.settings).dependencies["units"]
    units: UnitsOfWork = provided.dependency()
    settings = house.settings
    async with (
        await open_pool(settings.database_url, size=2) as pool,
        await open_pool(settings.keys_database_url, role=KEYS, size=2) as pool_of_keys, units.open(pool, pool_of_keys),
    ):
        yield units


def politi(house: House) -> Caller:
    """Give the police tovholder as the gate would."""
    return replace(
        kommune(house), person_id=house.person("politi").person_id, authority_id=AuthorityId(POLICE),
        authority_kind=AuthorityKind.POLICE, role=Role.POLICE_COORDINATOR,
    )


def kommune(house: House) -> Caller:
    """Give the municipal tovholder as the gate would."""
    return Caller(
        person_id=house.person("kommune").person_id, authority_id=AuthorityId(MUNICIPALITY),
        authority_kind=AuthorityKind.MUNICIPALITY, role=Role.MUNICIPAL_COORDINATOR, assurance=Assurance.HIGH,
        authenticated_at=now(), expires_at=now() + timedelta(hours=1), token_digest=b"in hand",
    )


class WhenAnOperationOpensARecordThatIsNotItsSubject:
    @pytest.mark.rule(44)
    async def test_it_names_the_act_that_lets_it_or_is_refused(self, house: House) -> None:
        case = await house.case()
        first, second, third = [UUID(await case.note(text)) for text in ("En.", "To.", "Tre.")]
        async with units_of(house) as units, units.begin(
            kommune(house), Action.READ_INFORMATION, Information, first, within=UUID(case.id)
        ) as work:
            own = work.subject(Information)
            other, last = [(await work.rows(Information, BY_ID, id=one))[0] for one in (second, third)]
            for records in ((other,), (own, other), (other, last)):
                with pytest.raises(errors.NotAvailable):
                    await work.open(*records)
            texts = await work.open(own)
            texts |= await work.open(other, reading=Action.READ_INFORMATION)
            assert {record: one["text"] for record, one in texts.items()} == {first: "En.", second: "To."}
        entry = (await house.entries())[-1]
        assert (entry.action, entry.outcome) == ("readInformation", Outcome.ALLOWED)
        assert sorted(entry.opened, key=str) == sorted(
            (Opened("information", column, record) for record in (first, second) for column in ("source", "text")),
            key=str,
        )

    @pytest.mark.rule(44)
    async def test_the_act_it_names_is_asked_about(self, house: House) -> None:
        case = await house.case()
        first, second = [UUID(await case.note(text)) for text in ("En.", "To.")]
        async with units_of(house) as units, units.begin(
            kommune(house), Action.READ_INFORMATION, Information, first, within=UUID(case.id)
        ) as work:
            (other,) = await work.rows(Information, BY_ID, id=second)
            with pytest.raises(errors.NotAvailable):
                await work.open(other, reading=Action.RECORD_CLEARANCE_CHECK)


class WhenAUnitHasEnded:
    async def test_nothing_refers_to_it_so_that_keys_and_texts_do_not_wait_for_a_collection(self, house: House) -> None:
        case = await house.case()
        async with units_of(house) as units:
            gc.collect()
            gc.disable()
            try:
                async with units.begin(kommune(house), Action.READ_CASE, Case, UUID(case.id)):
                    assert [one for one in gc.get_objects() if isinstance(one, UnitOfWork)]
                async with units.begin(kommune(house), Action.NOTE_INFORMATION, Case, UUID(case.id)) as work:
                    await note_information(work, InformationDraft(text="x", source="y"))
                del work
                left = [type(one) for one in gc.get_objects() if isinstance(one, UnitOfWork | Keyring)]
            finally:
                gc.enable()
        assert left == []


class WhenTwoActsAreTheFirstOfTheirAuthority:
    async def test_the_secret_that_was_stored_first_counts_for_both(self, house: House) -> None:
        case = await house.case()
        # As if the municipality had no secret there yet: what it wrote so far is lost with it.
        await house.sql("DELETE FROM keys.side_secret")
        noted = []
        async with (
            units_of(house) as units,
            units.begin(kommune(house), Action.NOTE_INFORMATION, Case, UUID(case.id)) as one,
            units.begin(kommune(house), Action.NOTE_INFORMATION, Case, UUID(case.id)) as two,
        ):
            for work, text in ((one, "En."), (two, "To.")):
                noted.append((await note_information(work, InformationDraft(text=text, source="skolen"))).id)
        assert len(await house.sql("SELECT FROM keys.side_secret")) == 1
        texts = [(await case.kommune.get(f"{case.path}/information/{one}"))["text"] for one in noted]
        assert texts == ["En.", "To."]


@asynccontextmanager
async def held_log(house: House) -> AsyncIterator[asyncpg.Connection]:
    """Hold the log of the infohus, so that whoever appends waits; give the connection that can tell who does."""
    holder = await asyncpg.connect(house.superuser)
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM audit.frontier WHERE log_id = $1 FOR UPDATE", MUNICIPAL_LOG)
            yield holder
    finally:
        await holder.close()


async def somebody_waits(house: House) -> None:
    """Wait until somebody waits for a lock."""
    waiting = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'infohus_app'"
    async with asyncio.timeout(10):
        while not (await house.sql(waiting))[0]["n"]:  # noqa: ASYNC110 - nobody tells when a lock is waited for
            await asyncio.sleep(0.01)


async def begun_and_left(units: UnitsOfWork, house: House, case: CaseInHand, begun: asyncio.Event) -> None:
    """Begin to write, and never come to an end."""
    async with units.begin(kommune(house), Action.NOTE_INFORMATION, Case, UUID(case.id)):
        begun.set()
        await asyncio.Event().wait()


class WhenAnActIsCancelled:
    @pytest.mark.rule(56)
    async def test_that_it_was_tried_stands_in_the_log(self, house: House) -> None:
        case, begun = await house.case(), asyncio.Event()
        async with units_of(house) as units:
            task = asyncio.create_task(begun_and_left(units, house, case, begun))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        entry = (await house.entries())[-1]
        assert (entry.action, entry.outcome, entry.reason) == ("noteInformation", Outcome.FAILED, "cancelled")

    @pytest.mark.rule(56)
    async def test_also_when_it_is_cancelled_again_while_that_is_written(self, house: House) -> None:
        case, begun = await house.case(), asyncio.Event()
        before = len(await house.entries())
        async with units_of(house) as units:
            async with held_log(house):
                task = asyncio.create_task(begun_and_left(units, house, case, begun))
                await begun.wait()
                task.cancel()
                await somebody_waits(house)
                task.cancel()
                await asyncio.sleep(0.05)
            with pytest.raises(asyncio.CancelledError):
                await task
            entries = await house.entries()
            assert [(one.action, one.outcome, one.reason) for one in entries[before:]] == [
                ("noteInformation", Outcome.FAILED, "cancelled"),
            ]
            # The connection it was written over serves the next.
            async with units.begin(kommune(house), Action.READ_CASE, Case, UUID(case.id)) as work:
                assert work.case.id == UUID(case.id)


def _tables_of_cases() -> list[type[Row]]:
    """List every mapped class whose rows stand in a case, but the case itself."""
    models: list[type[Row]] = [mapper.class_ for mapper in Row.registry.mappers]
    return sorted((model for model in models if "case_id" in column_names_of(model)), key=lambda one: one.__tablename__)


class WhenAnOperationWritesWhatItsLockDoesNotCover:
    @pytest.mark.rule(21)
    async def test_no_row_of_any_table_gets_into_another_case_and_only_who_decides_changes_the_case(
        self, house: House
    ) -> None:
        case, elsewhere = UUID((await house.case()).id), UUID((await house.case()).id)
        tables = _tables_of_cases()
        assert {"information", "exchange", "disclosure", "record_key", "participant"} <= {
            model.__tablename__ for model in tables
        }
        async with units_of(house) as units:
            async with units.begin(kommune(house), Action.NOTE_INFORMATION, Case, case) as work:
                for model in tables:
                    for write in (work.add, work.change):
                        with pytest.raises(NotUnderLock):
                            write(model.of(case_id=elsewhere))
                with pytest.raises(NotUnderLock):
                    work.change(work.case, outcome=None)
                with pytest.raises(NotUnderLock):
                    work.add(Case.of(id=elsewhere))
            async with units.begin(kommune(house), Action.READ_CASE, Case, case) as work:
                with pytest.raises(NotUnderLock):
                    work.add(Information.of(case_id=case))
            async with units.begin(kommune(house), Action.RECORD_CONCERN, Infohus, house.infohus_id) as work:
                with pytest.raises(NotUnderLock):
                    work.add(Information.of(case_id=case))
            with pytest.raises(errors.UnexpectedFailure):
                async with units.begin(kommune(house), Action.ADD_CONCERN, Case, case) as work:
                    work.change(work.case, outcome=None)
            async with units.begin(politi(house), Action.RECORD_CLEARANCE_CHECK, Case, case) as work:
                work.change(work.case, stage=work.case.stage)
        (changed,) = await house.sql("SELECT version FROM infohus.case WHERE id = $1", case)
        (untouched,) = await house.sql("SELECT version FROM infohus.case WHERE id = $1", elsewhere)
        assert changed["version"] == untouched["version"] + 1
        house.has_written = True  # adding a concern changes no case


class WhenARepetitionWaitedForTheFirst:
    @pytest.mark.fault("A16")
    async def test_it_finds_what_the_first_recorded_at_a_moment_after_its_own(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It came before the first had its own moment, and got the lock after it."""
        draft, key = msgspec.convert(EXAMPLES["RecordConcern"], ConcernDraft), IdempotencyKey("en-og-samme", b"{}")
        by_id, came = sa.select(Concern).where(Concern.id == sa.bindparam("id")), now()
        async with units_of(house) as units:
            async with units.begin(
                kommune(house), Action.RECORD_CONCERN, Infohus, house.infohus_id, idempotency_key=key
            ) as work:
                first = await record_concern(work, draft, saturday_counts=True)
            moments = iter([came])
            monkeypatch.setattr(units, "_clock", lambda: next(moments, now()))
            async with units.begin(
                kommune(house), Action.RECORD_CONCERN, Infohus, house.infohus_id, idempotency_key=key
            ) as work:
                found = await work.earlier(Concern, by_id)
        assert found is not None
        assert found.id == first.id
