"""Which columns of a table are sealed, of which part each is, to what a text in it is bound, and what is disclosed."""

from collections.abc import Callable, Mapping
from functools import cache
from uuid import UUID

from infohus.kernel.database.row_digests import REVISION
from infohus.kernel.database.statements import table_of
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.sealing.clear_columns import NO_COLUMNS, digest_of
from infohus.kernel.sealing.column import WHOLE, SealedColumn, SupervisionColumn
from infohus.kernel.sealing.envelope import Place, Sealed
from infohus.kernel.sealing.signatures import version_digest

_FIRST_VERSION = 1


@cache
def sealed_columns_of(model: type[Row]) -> dict[str, str]:
    """Name the columns of a table that are sealed under data keys of its record, each with its part."""
    return {
        column.name: column.type.part for column in table_of(model).columns
        if isinstance(column.type, SealedColumn) and not isinstance(column.type, SupervisionColumn)
    }


@cache
def parts_of(model: type[Record]) -> tuple[str, ...]:
    """Name the parts of a kind of record, each of which has a data key of its own; one also where nothing is sealed."""
    return tuple(dict.fromkeys(sealed_columns_of(model).values())) or (WHOLE,)


def part_of(model: type[Record], column: str) -> str:
    """Name the part that a sealed column belongs to."""
    return sealed_columns_of(model)[column]


@cache
def bound_columns_of(model: type[Record]) -> tuple[str, ...]:
    """Name the clear columns to which a record's texts are bound: all but those that change later, and their count."""
    kept = vars(model).get("kept_for_supervision")
    left_out = {REVISION, *model.changes_later, *((kept.wrapped_key,) if kept is not None else ())}
    return tuple(
        column.name for column in table_of(model).columns
        if not isinstance(column.type, SealedColumn) and column.name not in left_out
    )


def places_of(row: Row, bound_to: UUID) -> Callable[[str], Place]:
    """Give what says where a text in a column of `row` stands, beside the row's clear columns as they are now.

    `bound_to` is its case's id, or what stands in the place of it.
    """
    values, kind, version, digest = vars(row), row.__tablename__, _FIRST_VERSION, NO_COLUMNS
    if isinstance(row, Record):
        version = row.record_version
        digest = digest_of({name: values.get(name) for name in bound_columns_of(type(row))})
    record_id, owner_id, columns = values["id"], values["authority_id"], table_of(type(row)).columns

    def place_of(column: str) -> Place:
        column_type = columns[column].type
        assert isinstance(column_type, SealedColumn)  # noqa: S101 - narrows the type
        return Place(
            kind=kind, part=column_type.part, field=column, record_id=record_id, case_id=bound_to, owner_id=owner_id,
            version=version, clear_digest=digest,
        )

    return place_of


def contents_of(record: Record) -> dict[str, bytes]:
    """Compute the digest, 32 bytes, of what disclosing each part of a version discloses.

    That is its sealed texts as they are stored, beside the version's clear columns as they are now.
    """
    model, values = type(record), vars(record)
    clear_digest = digest_of({name: values.get(name) for name in bound_columns_of(model)})
    envelopes: dict[str, dict[str, bytes | None]] = {part: {} for part in parts_of(model)}
    for column, part in sealed_columns_of(model).items():
        sealed = values.get(column)
        envelopes[part][column] = sealed.envelope if isinstance(sealed, Sealed) else None
    return {part: _content(record, clear_digest, of_part) for part, of_part in envelopes.items()}


def _content(record: Record, clear_digest: bytes, envelopes: Mapping[str, bytes | None]) -> bytes:
    return version_digest(
        kind=record.__tablename__, record_id=record.id, version=record.record_version, owner_id=record.authority_id,
        clear_digest=clear_digest, envelopes=envelopes,
    )
