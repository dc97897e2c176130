"""The rows of the schema `keys`: secrets of sides, intake keys, exchange keys and kept keys, all of them sealed.

They are reached through a pool of their own, as the role `infohus_keys`, and are never joined to anything.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from infohus.kernel.database.marks import EVERYBODY, NO_PERSON
from infohus.kernel.database.tables import NAMING, Row

__all__ = [
    "EVERYBODY", "KEYS_SCHEMA", "NO_PERSON", "ExchangeKey", "IntakeKey", "IntakeSecret", "KeptKey", "KeyRow",
    "SideSecret", "hangs_on",
]

KEYS_SCHEMA = "keys"


def hangs_on(person_id: UUID) -> UUID:
    """Give the person whose secret a key goes with; `NO_PERSON` where that is the side's own."""
    return NO_PERSON if person_id == EVERYBODY else person_id


def _digest_of(key: str) -> Any:  # noqa: ANN401 - mapped_column's own type
    """Declare the digest of a wrapped or sealed key, which PostgreSQL computes and whoever compares rows reads."""
    return mapped_column(sa.Computed(f"sha256({key})", persisted=True))


class KeyRow(Row, DeclarativeBase):
    """A row of any table in the schema `keys`: a list of tables of its own, of which none is one of `infohus`."""

    registry = registry(
        metadata=sa.MetaData(schema=KEYS_SCHEMA, naming_convention=NAMING),
        type_annotation_map={UUID: sa.Uuid(), str: sa.Text(), bytes: sa.LargeBinary()},
    )
    type_annotation_map = None  # type: ignore[assignment] # SQLAlchemy takes one in the registry or here


class SideSecret(KeyRow):
    """The secret of one authority's side of a case, or of a person on it: made by its own unit, wrapped by its keeper.

    Only one that the keeper can unwrap is the side's. There is a second generation only where the first was replaced by
    something else, or something else was put there before it.
    """

    __tablename__ = "side_secret"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    authority_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    keeper_key_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    key_digest: Mapped[bytes] = _digest_of("wrapped_key")


class IntakeKey(KeyRow):
    """The public key that exchanges to an authority in an infohus are sealed to, signed by the authority's keeper."""

    __tablename__ = "intake_key"

    authority_id: Mapped[str] = mapped_column(primary_key=True)
    infohus_id: Mapped[UUID] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    suite: Mapped[int]
    public_key: Mapped[bytes]
    signer_key_id: Mapped[str]
    signature: Mapped[bytes]


class IntakeSecret(KeyRow):
    """The seed of an intake key's other half, which only the authority's key keeper can use."""

    __tablename__ = "intake_secret"

    authority_id: Mapped[str] = mapped_column(primary_key=True)
    infohus_id: Mapped[UUID] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    wrapped_seed: Mapped[bytes]
    key_digest: Mapped[bytes] = _digest_of("wrapped_seed")


class ExchangeKey(KeyRow):
    """One key of an exchange for one recipient: sealed to its intake key, or taken in under its side's own secret.

    `rests_on` names the exchange key by which the discloser itself has what it passes on. `signature` is the
    discloser's, on the sealed key and on all that is wrapped under it. `revision` is 1, and 2 once it was taken in.
    `person_id` is one whom the discloser and the recipient both know; who is not named to it has no key of their own.
    """

    __tablename__ = "exchange_key"
    __table_args__ = (
        sa.CheckConstraint("number >= 0", name="number_counts"),
        sa.CheckConstraint("generation > 0", name="generation_counts"),
        sa.CheckConstraint("(sealed IS NULL) <> (taken_in IS NULL)", name="sealed_or_taken_in"),
        sa.CheckConstraint("(rests_on IS NULL) = (rests_on_number IS NULL)", name="rests_on_one_key"),
        sa.Index(None, "case_id", "recipient_id"),
        sa.Index(
            "ix_exchange_key_rests_on", "rests_on", "rests_on_number",
            postgresql_where=sa.column("rests_on").is_not(None),
        ),
    )

    exchange_id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    infohus_id: Mapped[UUID]
    discloser_id: Mapped[str]
    person_id: Mapped[UUID]
    generation: Mapped[int]
    rests_on: Mapped[UUID | None]
    rests_on_number: Mapped[int | None]
    sealed: Mapped[bytes | None]
    taken_in: Mapped[bytes | None]
    signer_key_id: Mapped[str]
    signature: Mapped[bytes]
    revision: Mapped[int]
    key_digest: Mapped[bytes] = _digest_of("coalesce(sealed, taken_in)")


class KeptKey(KeyRow):
    """The data key of one part of a version that an authority was told of and keeps, wrapped under its own secret.

    There is a row for each person whose exchange key gave it.
    """

    __tablename__ = "kept_key"
    __table_args__ = (sa.Index(None, "record_id", "authority_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID]
    record_version: Mapped[int]
    part: Mapped[str]
    authority_id: Mapped[str]
    case_id: Mapped[UUID]
    owner_id: Mapped[str]
    exchange_id: Mapped[UUID]
    person_id: Mapped[UUID]
    key_id: Mapped[UUID]
    content: Mapped[bytes]
    wrapped_key: Mapped[bytes]
    key_digest: Mapped[bytes] = _digest_of("wrapped_key")
