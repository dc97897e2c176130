"""The base classes of every table: schema, names of constraints, types, UUIDv7 keys, the columns of a sealed record.

No table is defined here, and nothing here reads or writes one.
"""

from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

SCHEMA = "infohus"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(DeclarativeBase):
    """A row of any table in the schema `infohus`."""

    metadata = sa.MetaData(schema=SCHEMA, naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        UUID: sa.Uuid(),
        datetime: sa.DateTime(timezone=True),
        str: sa.Text(),
        bytes: sa.LargeBinary(),
        list[str]: sa.ARRAY(sa.Text()),
        list[bytes]: sa.ARRAY(sa.LargeBinary()),
    }

    def __init__(self, **columns: Any) -> None:
        """Set the columns without SQLAlchemy's change tracking, which only a session reads; the house has no session.

        Raises:
            TypeError: the table has no such column.
        """
        vars(self).update(_known(type(self), columns))

    @classmethod
    def of(cls, **columns: Any) -> Self:
        """Make a row as the class itself does, without the state that SQLAlchemy prepares for a session at `__init__`.

        A column that is not given is None. A moment is in UTC, as it is when the row is read back.

        Raises:
            TypeError: the table has no such column.
        """
        row = cls.__new__(cls)
        given = {name: _in_utc(value) for name, value in _known(cls, columns).items()}
        vars(row).update({**dict.fromkeys(_names_of(cls)), **given})
        return row

    def __setattr__(self, name: str, value: object) -> None:
        """Set a column without recording the change: there is no session that would write it."""
        vars(self)[name] = value


@cache
def _names_of(model: type[Row]) -> frozenset[str]:
    return frozenset(model.__mapper__.columns.keys())


def _in_utc(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return _EPOCH + (value - _EPOCH)
    return value


def _known(model: type[Row], columns: dict[str, Any]) -> dict[str, Any]:
    if unknown := columns.keys() - _names_of(model):
        message = f"{model.__name__} has no column {', '.join(sorted(unknown))}"
        raise TypeError(message)
    return columns


def new_id() -> UUID:
    """Make a UUIDv7: ids sort by time, so a list ordered by id is stable. Source: RFC 9562, section 5.7."""
    return uuid7()


def choice(kind: type[StrEnum], *, name: str, **options: Any) -> Any:  # noqa: ANN401 - mapped_column's own type
    """Declare a column that holds one value of `kind`, checked by the database too."""
    column_type = sa.Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=60,
        values_callable=lambda members: [member.value for member in members],
    )
    return mapped_column(column_type, **options)


class Regime(StrEnum):
    """The law an authority handles personal data under (rule 42)."""

    GDPR = "gdpr"
    LED = "led"
    PET = "pet"


class Changing:
    """A table whose rows change: `revision` counts what was stored of a row, from 1, and the log names each."""

    revision: Mapped[int] = mapped_column(default=1, server_default="1")


class Record(Row):
    """A row with sealed text: it belongs to one case, one owning authority and one regime.

    Its texts are bound to its clear columns, which therefore never change, but for those in `changes_later`.
    """

    __abstract__ = True

    changes_later: ClassVar[frozenset[str]] = frozenset()
    """Clear columns that tell what happened after the row was written: they change, and no text is bound to them."""
    has_own_key: ClassVar[bool] = False
    """Whether an exchange gives it under a key of its own, so that it can stay when the rest is withdrawn."""
    concerns_everybody: ClassVar[bool] = False
    """Whether each of its kind is of the case, and so concerns every person of each side, and shows none (rule 79)."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.case.id"))
    authority_id: Mapped[str]
    regime: Mapped[Regime] = choice(Regime, name="regime")
    record_version: Mapped[int] = mapped_column(default=1)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]

    @property
    def is_for_pet(self) -> bool:
        """Say whether it answers or notes a request of PET's, so that acts on it stand on that track (rule 85)."""
        return False

    @property
    def is_sent_alone(self) -> bool:
        """Say whether row security reads it when it checks later inserts: then it has a statement of its own."""
        return False


class VersionedRecord(Record):
    """A record that is written anew: each version is a row of its own, written by whoever wrote the version (rule 88).

    Row security shows each authority one version of it: the newest that the authority has a key for.
    """

    __abstract__ = True

    # Both, so that the primary key has the order that it has in the database.
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    record_version: Mapped[int] = mapped_column(primary_key=True, default=1)


def once_per_record(table: str, *columns: str) -> sa.Index:
    """Make a unique index of a versioned table in which a record counts once, however many versions it has."""
    return sa.Index(
        f"uq_{table}_{'_'.join(columns)}", *columns, unique=True, postgresql_where=sa.column("record_version") == 1
    )


def owned_by_authority(*more: sa.schema.SchemaItem) -> tuple[sa.schema.SchemaItem, ...]:
    """Give the table arguments of a record: its regime must be its owner's (rule 42), and it is indexed by its case."""
    return (_owner_and_regime(), sa.Index(None, "case_id"), *more)


def unique_in_case(*columns: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Give the same for a kind of record of which a case has one for each value of `columns`.

    The constraint's own index begins with the case, so no other is needed to find a case's records.
    """
    return (_owner_and_regime(), sa.UniqueConstraint("case_id", *columns))


def _owner_and_regime() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["authority_id", "regime"], [f"{SCHEMA}.authority.id", f"{SCHEMA}.authority.regime"]
    )
