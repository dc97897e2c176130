"""A sealed column lets a sealed value through and nothing else (promise 3), in every table the system has."""

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import infohus.app  # noqa: F401 - every table is known once the application is
from infohus.kernel.database.statements import Compiled, insert_of, row_from, table_of, update_of
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.sealing.clear_columns import NO_COLUMNS
from infohus.kernel.sealing.column import WHOLE, PlainTextInSealedColumn, SealedColumn, sealed_columns
from infohus.kernel.sealing.envelope import DataKey, Place, Sealed, seal
from infohus.kernel.unit_of_work.places import sealed_columns_of

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
SECRET = "Prøve Prøvesen 010104-1234"
ID = UUID("01890f3e-0000-7000-8000-0000000000a1")
HERE = Place("subject", WHOLE, "name", ID, ID, "ishoj-kommune", 1, NO_COLUMNS)
SEALED = seal(DataKey(ID, bytes(range(32))), HERE, SECRET)


class Stringlike(str):
    __slots__ = ()


class PretendsToBeSealed:
    """Has what a sealed value has, and is none."""

    envelope = SECRET.encode()


NOT_SEALED: dict[str, object] = {
    "str": SECRET,
    "an empty str": "",
    "a subclass of str": Stringlike(SECRET),
    "bytes": SECRET.encode(),
    "no bytes": b"",
    "bytearray": bytearray(SECRET.encode()),
    "memoryview": memoryview(SECRET.encode()),
    "an envelope outside Sealed": SEALED.envelope,
    "an envelope as bytearray": bytearray(SEALED.envelope),
    "an envelope as memoryview": memoryview(SEALED.envelope),
    "an envelope as hexadecimal": SEALED.envelope.hex(),
    "int": 1_001_041_234,
    "zero": 0,
    "False": False,
    "float": 1.5,
    "Decimal": decimal.Decimal("10104.1234"),
    "UUID": ID,
    "date": dt.date(2004, 1, 1),
    "a list of sealed values": [SEALED],
    "a tuple": (SEALED,),
    "a dict": {"text": SECRET},
    "a set": {SECRET},
    "the class itself": Sealed,
    "something alike": PretendsToBeSealed(),
    "Sealed around plain text": Sealed(SECRET.encode()),
    "Sealed around plain text as long as an envelope": Sealed(SECRET.encode() * 4),
    "Sealed around str": Sealed(SECRET),  # type: ignore[arg-type]
    "Sealed around a str that begins like an envelope": Sealed("\x01" + SECRET * 4),  # type: ignore[arg-type]
    "Sealed around bytearray": Sealed(bytearray(SEALED.envelope)),  # type: ignore[arg-type]
    "Sealed around another Sealed": Sealed(SEALED),  # type: ignore[arg-type]
    "Sealed around nothing": Sealed(b""),
    "Sealed shorter than any envelope": Sealed(SEALED.envelope[:44]),
    "Sealed of an unknown version": Sealed(b"\x02" + SEALED.envelope[1:]),
}

MODELS: list[type[Row]] = [mapper.class_ for mapper in Row.registry.mappers]
PLACES = [
    pytest.param(model, column.name, id=f"{model.__tablename__}.{column.name}")
    for model in sorted(MODELS, key=lambda model: model.__tablename__)
    for column in table_of(model).columns
    if isinstance(column.type, SealedColumn)
]

FOR_SUPERVISION = {
    ("actor", "name"), ("actor", "email"), ("exchange", "answers"), ("content_request", "reason"),
    ("log_finding", "text"), ("log_finding", "answer"), ("log_finding", "remedy"),
}  # fmt: skip
"""Sealed under a key that an authority's supervision opens, and no key of a case."""

OPEN_TEXTS = {
    "acts_for", "answer", "answers_key", "asked_by", "asked_of", "recipient_id",
    "authority_id", "cpr_index", "family_names", "content_hash", "dimension", "manifest", "outcome",
    "recipients", "responsible_id", "scope", "template_digest", "template_id", "categories", "kind",
    "records", "record_kinds", "record_ids", "owner_id", "given_kinds", "given_ids", "given_versions",
    "given_parts",
}  # fmt: skip
"""Columns of records that hold text or bytes unsealed, by decision: ids, codes of closed lists, hashes, keyed
indexes, wrapped keys.

A new column of free text does not belong here: it is sealed.
"""


def bound(value: object) -> object:
    return SealedColumn().process_bind_param(value, DIALECT)


class WhenSomethingElseThanASealedValueIsStored:
    @pytest.mark.parametrize("value", NOT_SEALED.values(), ids=NOT_SEALED)
    def test_it_is_refused_without_being_quoted(self, value: object) -> None:
        with pytest.raises(PlainTextInSealedColumn) as refused:
            bound(value)
        message = str(refused.value)
        assert message.startswith("a sealed column takes a Sealed")
        assert [part for part in (*SECRET.split(), "010104", SECRET.encode().hex()) if part in message] == []

    def test_a_cpr_number_is_refused_in_the_column_made_for_it(self) -> None:
        model = next(model for model in MODELS if model.__tablename__ == "subject")
        with pytest.raises(PlainTextInSealedColumn) as refused:
            insert_of(model).arguments(dict.fromkeys(table_of(model).columns.keys()) | {"cpr_number": "010104-1234"})
        assert str(refused.value) == "a sealed column takes a Sealed, not str"

    @pytest.mark.parametrize(("model", "column"), PLACES)
    @pytest.mark.parametrize("value", [SECRET, SECRET.encode(), bytearray(b"x"), memoryview(b"x"), 7])
    def test_no_insert_takes_it(self, model: type[Row], column: str, value: object) -> None:
        row = dict.fromkeys(table_of(model).columns.keys())
        assert SEALED.envelope in insert_of(model).arguments({**row, column: SEALED})
        with pytest.raises(PlainTextInSealedColumn):
            insert_of(model).arguments({**row, column: value})

    @pytest.mark.parametrize(("model", "column"), PLACES)
    def test_no_update_takes_it(self, model: type[Row], column: str) -> None:
        keys = {f"primary_key_{key.name}": ID for key in table_of(model).primary_key}
        statement = update_of(model, (column,))
        assert SEALED.envelope in statement.arguments({**keys, column: SEALED})
        with pytest.raises(PlainTextInSealedColumn):
            statement.arguments({**keys, column: SECRET})


TABLE = sa.Table("probe", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", SealedColumn))
DETOURS: dict[str, Callable[[Any], sa.Executable]] = {
    "insert": lambda value: sa.insert(TABLE).values(id=1, text=value),
    "insert of many": lambda value: sa.insert(TABLE).values([{"id": 1, "text": value}, {"id": 2, "text": SEALED}]),
    "upsert": lambda value: (
        postgresql.insert(TABLE).values(id=1, text=SEALED).on_conflict_do_update(index_elements=["id"],
                                                                                 set_={"text": value})
    ),
    "update": lambda value: sa.update(TABLE).values(text=value),
    "comparison": lambda value: sa.select(TABLE.c.id).where(TABLE.c.text == value),
    "membership": lambda value: sa.select(TABLE.c.id).where(TABLE.c.text.in_([value])),
    "cast": lambda value: sa.select(sa.cast(sa.literal(value, SealedColumn), SealedColumn)),
}  # fmt: skip


class WhenAStatementIsBuiltAroundTheColumn:
    """Plain text must not reach the database as a search value either: statements stand in the server's log."""

    @pytest.mark.parametrize("name", DETOURS)
    @pytest.mark.parametrize("value", [SECRET, SECRET.encode()], ids=["str", "bytes"])
    def test_no_detour_lets_plain_text_in(self, name: str, value: object) -> None:
        with pytest.raises(PlainTextInSealedColumn) as refused:
            Compiled(DETOURS[name](value)).arguments({})
        assert "Prøve" not in str(refused.value)

    @pytest.mark.parametrize("value", [SECRET, SECRET.encode()], ids=["str", "bytes"])
    def test_it_cannot_be_written_into_the_sql_itself(self, value: object) -> None:
        statement = sa.select(sa.literal(value, SealedColumn))
        with pytest.raises((PlainTextInSealedColumn, sa.exc.CompileError)):
            statement.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})


class WhenASealedValueIsStored:
    def test_its_bytes_go_in_and_come_out_sealed(self) -> None:
        column = SealedColumn()
        stored = column.process_bind_param(SEALED, DIALECT)
        assert stored == SEALED.envelope
        assert type(stored) is bytes
        assert column.process_result_value(stored, DIALECT) == SEALED

    @pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
    def test_whatever_form_the_driver_gives_it_comes_out_sealed(self, form: Callable[[bytes], object]) -> None:
        found = SealedColumn().process_result_value(form(SEALED.envelope), DIALECT)
        assert found == SEALED
        assert found is not None
        assert type(found.envelope) is bytes

    def test_damaged_bytes_come_out_sealed_for_opening_to_refuse(self) -> None:
        assert SealedColumn().process_result_value(b"Han taler", DIALECT) == Sealed(b"Han taler")

    def test_nothing_stays_nothing(self) -> None:
        assert bound(None) is None
        assert SealedColumn().process_result_value(None, DIALECT) is None

    def test_the_shortest_envelope_is_taken(self) -> None:
        empty = seal(DataKey(ID, bytes(32)), HERE, "")
        assert bound(empty) == empty.envelope

    @pytest.mark.parametrize(("model", "column"), PLACES)
    def test_a_row_from_the_database_holds_it_sealed(self, model: type[Row], column: str) -> None:
        stored: Any = dict.fromkeys(table_of(model).columns.keys()) | {column: SEALED.envelope}
        assert getattr(row_from(model, stored), column) == SEALED


class WhenSealedColumnsAreCollected:
    def test_every_table_is_looked_through(self) -> None:
        metadata = sa.MetaData()
        sa.Table("one", metadata, sa.Column("id", sa.Integer), sa.Column("a", SealedColumn), sa.Column("b", sa.Text))
        sa.Table("two", metadata, sa.Column("a", sa.Text), sa.Column("c", SealedColumn()))
        assert sealed_columns(metadata) == {("one", "a"), ("two", "c")}

    def test_the_systems_own_are_those_a_side_opens_and_those_for_supervision(self) -> None:
        opened = {(model.__tablename__, column) for model in MODELS for column in sealed_columns_of(model)}
        assert sealed_columns(Row.metadata) == opened | FOR_SUPERVISION
        assert not opened & FOR_SUPERVISION
        assert len(opened | FOR_SUPERVISION) == len(PLACES)
        assert {("subject", "name"), ("subject", "cpr_number"), ("reporter", "identity"), ("concern", "observation"),
                ("information", "text"), ("exchange", "necessity")} <= opened  # fmt: skip

    def test_a_side_opens_records_alone_for_nothing_else_has_a_data_key(self) -> None:
        assert all(issubclass(model, Record) for model in MODELS if sealed_columns_of(model))

    def test_no_record_holds_a_text_that_nobody_decided_to_leave_open(self) -> None:
        closed = (sa.Uuid, sa.DateTime, sa.Date, sa.Boolean, sa.Integer, sa.Enum, SealedColumn)
        found = {
            f"{model.__tablename__}.{column.name}"
            for model in MODELS
            if issubclass(model, Record)
            for column in table_of(model).columns
            if not isinstance(column.type, closed) and column.name not in OPEN_TEXTS
        }
        assert found == set()
