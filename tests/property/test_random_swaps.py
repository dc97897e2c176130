"""Whoever writes the database swaps and plants keys and texts at random: each is refused before it is used.

10,000 swaps and 1,000 plants, of some seconds; the seed is printed by the assertion that fails.
"""

import asyncio
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, NoReturn, TypeVar
from uuid import UUID

import msgspec
import pytest
import structlog

from infohus import errors
from infohus.cases.disclosures.model import Exchange, Item
from infohus.casework.concerns.model import Concern
from infohus.casework.scope_decisions.model import ScopeDecision
from infohus.kernel.access.keys_model import ExchangeKey, SideSecret
from infohus.kernel.access.model import DisclosedKey, RecordKey
from infohus.kernel.database.tables import Record, Row, new_id
from infohus.kernel.sealing.envelope import CannotOpen
from infohus.kernel.unit_of_work.grants import RecipientCannotBeTold
from key_tables import AUTHORITIES, MUNICIPALITY, POLICE, PROBATION, Keepers, KeyTables, columns_of, sealed_names

SWAPS, PLANTS = 10_000, 1_000
SEED = int.from_bytes(os.urandom(4))
REFUSALS = (errors.NotAvailable, CannotOpen)
DataKeyRow = RecordKey | DisclosedKey
AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass
class Stolen(KeyTables):
    """A database as its writer holds it: records of two cases, their versions, and every wrap of their keys."""

    records: list[Record] = field(default_factory=list)

    async def fill(self) -> "Stolen":
        """Fill two cases: the two tovholdere write records and versions, disclose them, and pass them on.

        In the one case what was told is taken in, in the other it is still sealed.
        """
        for case_id in (new_id(), new_id()):
            for owner, other in itertools.permutations((MUNICIPALITY, POLICE)):
                for _ in range(2):
                    await self._tell(case_id, owner, [[other, PROBATION]], model=Concern)
                    await self._tell(case_id, owner, [[other], [PROBATION], [other, PROBATION]], model=ScopeDecision)
                    await self._tell(case_id, owner, [[other]], model=Exchange)
            for who in AUTHORITIES * (case_id == self.records[0].case_id):
                await self.take_in(who, case_id)
        for record in self.records[:2]:
            await self.disclose(record, POLICE if record.authority_id == MUNICIPALITY else MUNICIPALITY, PROBATION)
        return self

    async def _tell(self, case_id: UUID, owner: str, told: list[list[str]], *, model: type[Record]) -> None:
        record_id = new_id()
        for version, recipients in enumerate(told, start=1):
            record = model.of(id=record_id, case_id=case_id, authority_id=owner, record_version=version)
            for column in sealed_names(record):
                setattr(record, column, f"{record_id} {version} {column}")
            await self.write(record)
            self.records.append(record)
            await self.disclose(record, owner, *recipients)

    def record_of(self, key: DataKeyRow) -> Record:
        """Give the version that a row of keys belongs to."""
        return next(
            one for one in self.records if (one.id, one.record_version) == (key.record_id, key.record_version)
        )

    def with_data_key(self, row: DataKeyRow) -> KeyTables:
        """Give a database in which this row is the only one that could give the part it names."""
        own = [row] if isinstance(row, RecordKey) else []
        given = [key for key in self.disclosed_keys if isinstance(row, DisclosedKey)
                 and key.exchange_id == row.exchange_id and _place(key) != _place(row)]  # fmt: skip
        if isinstance(row, DisclosedKey):
            given.append(row)
        return replace(KeyTables(self.keepers), record_keys=own, disclosed_keys=given, secrets=list(self.secrets),
                       exchange_keys=list(self.exchange_keys))  # fmt: skip


def _place(key: DisclosedKey) -> tuple[object, ...]:
    return key.record_id, key.record_version, key.recipient_id, key.part


def reader_of(key: DataKeyRow) -> str:
    """Name the authority that a row of keys is for."""
    return key.recipient_id if isinstance(key, DisclosedKey) else key.authority_id


async def gives(tables: KeyTables, who: str, record: Record, part: str) -> set[str]:
    """Let an authority open a part of a version, disclose it on, and keep it of each exchange that may have told it.

    Names what gave anything: a key, or a row that the unit wrote. What is refused may have written none.
    """
    version, gave = (record.id, record.record_version), set[str]()
    third = next(one for one in AUTHORITIES if one not in {who, record.authority_id})
    unit = await tables.unit(who, record.case_id).begun()
    item = msgspec.structs.replace(Item.of(record), contents={part: Item.of(record).contents[part]})
    by = {key.exchange_id for key in tables.disclosed_keys if (key.record_id, key.record_version) == version}
    before = [list(rows) for rows in (tables.exchange_keys, tables.secrets)]
    with suppress(*REFUSALS):
        await unit.keyring.bring([version])
        gave = {"opens" for held, _, _ in unit.keyring.held(version, item.contents) if held == part}
    with suppress(*REFUSALS):
        await unit.grants.give(new_id(), [item], [third])
    for exchange_id in sorted(by):
        with suppress(*REFUSALS):
            await unit.keyring.keep(exchange_id, version, owner_id=item.owner)
    await unit.side_keys.commit()  # though it was refused: nothing is left that another act could make durable
    if unit.inserted or [tables.exchange_keys, tables.secrets] != before:
        gave.add("discloses")
    return gave | {"keeps" for key in tables.kept if key.part == part}


def changed(row: AnyRow, **columns: object) -> AnyRow:
    """Copy a row with other columns."""
    copied = copy(row)
    vars(copied).update(columns)
    return copied


def another(authority: str) -> str:
    """Name an authority that is another."""
    return AUTHORITIES[(AUTHORITIES.index(authority) + 1) % len(AUTHORITIES)]


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Write nothing of each of the thousands of refusals."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(**before)


def _drop(_logger: object, _method: str, _event: object) -> NoReturn:
    raise structlog.DropEvent


@pytest.fixture(scope="module")
def stolen(tmp_path_factory: pytest.TempPathFactory) -> Stolen:
    return asyncio.run(Stolen(Keepers.made(tmp_path_factory.mktemp("swaps") / "keys")).fill())


SWAPPED: dict[str, Callable[[Any, Any], DataKeyRow]] = {
    "wrap bytes alone": lambda row, other: changed(row, wrapped_key=other.wrapped_key),
    "wrap and key id": lambda row, other: changed(row, wrapped_key=other.wrapped_key, key_id=other.key_id),
    "key id": lambda row, other: changed(row, key_id=other.key_id),
    "record": lambda row, other: changed(other, record_id=row.record_id, record_version=row.record_version),
    "version": lambda row, other: changed(
        row, wrapped_key=other.wrapped_key, key_id=other.key_id, record_version=row.record_version
    ),
    "part": lambda row, other: changed(row, wrapped_key=other.wrapped_key, key_id=other.key_id, part=other.part),
    "content": lambda row, other: changed(row, content=other.content),
    "exchange": lambda row, other: changed(row, exchange_id=other.exchange_id, number=other.number),
    "number": lambda row, _: changed(row, number=row.number + 1),
    "owner": lambda row, _: changed(row, owner_id=another(row.owner_id)),
    "recipient": lambda row, _: changed(row, recipient_id=another(row.recipient_id)),
    "reader": lambda row, _: DisclosedKey.of(**{
        **{name: value for name, value in columns_of(row).items() if name not in {"authority_id", "person_id"}},
        "number": 0, "owner_id": reader_of(row), "recipient_id": another(reader_of(row)), "exchange_id": new_id(),
        "content": bytes(32),
    }),
}
OF_EXCHANGES = {"content", "exchange", "number", "owner", "recipient"}


def swaps(stolen: Stolen, random: Random) -> Iterator[tuple[str, DataKeyRow, Record]]:
    """Draw a swap: what was swapped, the row as it then stands, and the version it claims to open."""
    rows: list[DataKeyRow] = [*stolen.record_keys, *stolen.disclosed_keys]
    there_already = {tuple(columns_of(key).items()) for key in rows}
    while True:
        name, row = random.choice(list(SWAPPED)), random.choice(rows)
        other = random.choice(stolen.disclosed_keys if name in OF_EXCHANGES else rows)
        if name in OF_EXCHANGES and isinstance(row, RecordKey):
            continue
        swapped = SWAPPED[name](row, other)
        record = stolen.record_of(row)
        if tuple(columns_of(swapped).items()) not in there_already and swapped.part in Item.of(record).contents:
            yield name, swapped, record


SWAPPED_EXCHANGE_KEYS: dict[str, Callable[[ExchangeKey, ExchangeKey], ExchangeKey]] = {
    "key bytes alone": lambda row, other: changed(row, sealed=other.sealed, taken_in=other.taken_in),
    "signature": lambda row, other: changed(row, signer_key_id=other.signer_key_id, signature=other.signature),
    "key and signature": lambda row, other: changed(
        row, sealed=other.sealed, taken_in=other.taken_in, signer_key_id=other.signer_key_id, signature=other.signature
    ),
    "exchange": lambda row, other: changed(other, exchange_id=row.exchange_id),
    "number": lambda row, other: changed(other, exchange_id=row.exchange_id, number=row.number),
    "discloser": lambda row, _: changed(row, discloser_id=another(row.discloser_id)),
    "recipient": lambda row, _: changed(row, recipient_id=another(row.recipient_id)),
    "infohus": lambda row, _: changed(row, infohus_id=new_id()),
    "generation": lambda row, _: changed(row, generation=row.generation + 1),
    "side": lambda row, other: changed(row, case_id=other.case_id),
}


@pytest.mark.rule(44)
@pytest.mark.rule(88)
class WhenWhoeverWritesTheDatabaseSwaps:
    async def test_every_row_opens_is_passed_on_and_kept_where_it_belongs(self, stolen: Stolen) -> None:
        # Whoever sees only refusals has proved nothing: untouched, each row gives all there is.
        rows: list[DataKeyRow] = [*stolen.record_keys, *stolen.disclosed_keys]
        assert len(rows) > 100
        assert {one.taken_in is None for one in stolen.exchange_keys} == {True, False}
        for key in rows:
            gave = await gives(stolen.with_data_key(key), reader_of(key), stolen.record_of(key), key.part)
            assert gave == {"opens", "discloses", *(["keeps"] if isinstance(key, DisclosedKey) else [])}

    async def test_no_swapped_data_key_opens_discloses_or_is_kept(self, stolen: Stolen) -> None:
        random = Random(SEED)
        seen = dict.fromkeys(SWAPPED, 0)
        for name, row, record in itertools.islice(swaps(stolen, random), SWAPS):
            seen[name] += 1
            tables = stolen.with_data_key(row)
            assert not await gives(tables, reader_of(row), record, row.part), f"{name}, seed {SEED}: {columns_of(row)}"
        assert min(seen.values()) > SWAPS / 100

    async def test_no_swapped_exchange_key_opens_discloses_or_is_taken_in(self, stolen: Stolen) -> None:
        random = Random(SEED)
        for _ in range(SWAPS // 10):
            name, (row, other) = random.choice(list(SWAPPED_EXCHANGE_KEYS)), random.sample(stolen.exchange_keys, 2)
            swapped = SWAPPED_EXCHANGE_KEYS[name](row, other)
            if name == "signature" and row.taken_in is not None:
                continue  # it was verified when it was taken in
            if columns_of(swapped) in [columns_of(one) for one in stolen.exchange_keys]:
                continue
            hanging = [key for key in stolen.disclosed_keys if key.exchange_id == row.exchange_id]
            tables = replace(KeyTables(stolen.keepers), disclosed_keys=hanging, exchange_keys=[swapped],
                             secrets=list(stolen.secrets))  # fmt: skip
            for key in hanging:
                record, reader = stolen.record_of(key), swapped.recipient_id
                assert not await gives(tables, reader, record, key.part), f"{name}, seed {SEED}: {columns_of(row)}"
            await tables.take_in(swapped.recipient_id, swapped.case_id)
            assert tables.exchange_keys[0].taken_in == swapped.taken_in, f"{name}, seed {SEED}"

    async def test_no_swapped_secret_opens_anything(self, stolen: Stolen) -> None:
        for row, other in itertools.permutations(stolen.secrets, 2):
            swapped = changed(row, wrapped_key=other.wrapped_key)
            tables = replace(KeyTables(stolen.keepers), record_keys=stolen.record_keys, secrets=[swapped])
            for key in stolen.record_keys:
                if (key.authority_id, key.case_id) == (row.authority_id, row.case_id):
                    assert not await gives(tables, key.authority_id, stolen.record_of(key), key.part)

    async def test_no_swapped_text_opens_for_its_writer_nor_for_whoever_was_told(self, stolen: Stolen) -> None:
        random = Random(SEED)
        texts = [(record, column) for record in stolen.records for column in sealed_names(record)]
        for _ in range(SWAPS // 10):
            (record, column), (other, taken) = random.sample(texts, 2)
            moved = changed(record, **{column: getattr(other, taken)})
            readers = {key.recipient_id for key in stolen.disclosed_keys if stolen.record_of(key) is record}
            unit = await stolen.unit(random.choice([record.authority_id, *readers]), record.case_id).begun()
            await unit.keyring.bring([(record.id, record.record_version)])
            with pytest.raises(CannotOpen):
                unit.keyring.open(moved)

    async def test_nothing_is_passed_on_beside_another_text_than_it_was_told_with(self, stolen: Stolen) -> None:
        key = next(one for one in stolen.disclosed_keys if one.recipient_id == POLICE)
        record = stolen.record_of(key)
        column = sealed_names(record)[0]
        other = next(one for one in stolen.records if type(one) is type(record) and one is not record)
        moved = changed(record, **{column: getattr(other, column)})
        with pytest.raises(errors.NotAvailable):
            await stolen.disclose(moved, POLICE, PROBATION)


@dataclass
class Planted:
    """What whoever writes the database plants: knowing every public key, and being nobody's key keeper."""

    stolen: Stolen
    theirs: KeyTables

    async def exchange(self, record: Record, random: Random) -> tuple[Record, KeyTables]:
        """Plant a text of theirs in the record's place, with keys of an exchange sealed to its real recipient."""
        other = POLICE if record.authority_id == MUNICIPALITY else MUNICIPALITY
        mine = changed(record, **dict.fromkeys(sealed_names(record), "Plantet."))
        await self.theirs.write(mine)
        exchange_id = await self.theirs.disclose(mine, record.authority_id, other)
        planted = [key for key in self.theirs.exchange_keys if key.exchange_id == exchange_id]
        if random.random() < 0.5:  # with the real signature of another exchange
            real = random.choice([one for one in self.stolen.exchange_keys if one.discloser_id == record.authority_id])
            planted = [changed(key, signer_key_id=real.signer_key_id, signature=real.signature) for key in planted]
        if random.random() < 0.3:  # as if it had been taken in
            planted = [changed(key, sealed=None, taken_in=os.urandom(60)) for key in planted]
        return mine, replace(
            KeyTables(self.stolen.keepers), secrets=list(self.stolen.secrets), exchange_keys=planted,
            disclosed_keys=[key for key in self.theirs.disclosed_keys if key.exchange_id == exchange_id],
        )


@pytest.mark.rule(44)
class WhenWhoeverWritesTheDatabasePlants:
    @pytest.fixture
    def planted(self, stolen: Stolen, tmp_path: Path) -> Planted:
        theirs = Keepers.made(tmp_path / "keys", trusting=stolen.keepers)
        return Planted(stolen, KeyTables(theirs, intake_keys=stolen.keepers.intake_keys))

    async def test_no_exchange_of_theirs_opens_is_taken_in_or_passed_on(self, stolen: Stolen, planted: Planted) -> None:
        random = Random(SEED)
        for _ in range(PLANTS):
            mine, tables = await planted.exchange(random.choice(stolen.records), random)
            (reader,) = {key.recipient_id for key in tables.exchange_keys}
            before = [key.taken_in for key in tables.exchange_keys]
            for part in Item.of(mine).contents:
                assert not await gives(tables, reader, mine, part), f"seed {SEED}"
            await tables.take_in(reader, mine.case_id)
            assert [key.taken_in for key in tables.exchange_keys] == before, f"seed {SEED}"
            with pytest.raises(errors.NotAvailable):
                await tables.disclose(mine, reader, PROBATION)

    async def test_no_key_row_or_secret_of_theirs_opens_anything(self, stolen: Stolen, planted: Planted) -> None:
        random = Random(SEED)
        for _ in range(PLANTS):
            record = random.choice(stolen.records)
            mine = changed(record, **dict.fromkeys(sealed_names(record), "Plantet."))
            await planted.theirs.write(mine)
            forged = [key for key in planted.theirs.record_keys if key.record_id == mine.id][-3:]
            secrets: list[list[SideSecret]] = [list(stolen.secrets), list(planted.theirs.secrets)]
            for beside in secrets:
                tables = replace(KeyTables(stolen.keepers), record_keys=forged, secrets=beside)
                for part in Item.of(mine).contents:
                    assert not await gives(tables, record.authority_id, mine, part), f"seed {SEED}"

    async def test_nothing_is_sealed_to_an_intake_key_of_theirs(self, stolen: Stolen, planted: Planted) -> None:
        random, theirs = Random(SEED), planted.theirs.keepers
        for _ in range(PLANTS // 10):
            record = random.choice(stolen.records)
            (own,) = [key for key in theirs.intake_keys if key.authority_id == PROBATION]
            real = random.choice(stolen.keepers.intake_keys)
            own = random.choice([
                own, replace(own, signature=os.urandom(64)), replace(own, signature=real.signature),
                replace(real, public_key=own.public_key), replace(real, authority_id=PROBATION, infohus_id=new_id()),
                replace(own, signer_key_id=real.signer_key_id),
            ])
            tables = replace(KeyTables(stolen.keepers), record_keys=stolen.record_keys, secrets=stolen.secrets,
                             intake_keys=[replace(own, authority_id=PROBATION)])  # fmt: skip
            with pytest.raises(RecipientCannotBeTold):
                await tables.disclose(record, record.authority_id, PROBATION)
            assert (tables.disclosed_keys, tables.exchange_keys) == ([], []), f"seed {SEED}"
