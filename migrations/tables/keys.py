"""The schema `keys`: secrets of sides, intake keys, exchange keys and kept keys; joined to no table of another schema.

Later it may be a database of its own with a short backup life. So it names cases, records and authorities by their ids,
without foreign keys.
"""

import sqlalchemy as sa
from alembic import op

SCHEMA = "keys"


def create_tables() -> None:
    """Create the schema and its tables."""
    op.execute("CREATE SCHEMA keys")

    op.create_table(
        "side_secret",
        sa.Column("case_id", sa.Uuid(), primary_key=True),
        sa.Column("authority_id", sa.Text(), primary_key=True),
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("keeper_key_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        _digest_of("wrapped_key"),
        schema=SCHEMA,
    )

    op.create_table(
        "intake_key",
        sa.Column("authority_id", sa.Text(), primary_key=True),
        sa.Column("infohus_id", sa.Uuid(), primary_key=True),
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("suite", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signer_key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        schema=SCHEMA,
    )

    op.create_table(
        "intake_secret",
        sa.Column("authority_id", sa.Text(), primary_key=True),
        sa.Column("infohus_id", sa.Uuid(), primary_key=True),
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("wrapped_seed", sa.LargeBinary(), nullable=False),
        _digest_of("wrapped_seed"),
        schema=SCHEMA,
    )

    op.create_table(
        "exchange_key",
        sa.Column("exchange_id", sa.Uuid(), primary_key=True),
        sa.Column("recipient_id", sa.Text(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("infohus_id", sa.Uuid(), nullable=False),
        sa.Column("discloser_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rests_on", sa.Uuid()),
        sa.Column("rests_on_number", sa.Integer()),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("taken_in", sa.LargeBinary()),
        sa.Column("signer_key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        _digest_of("coalesce(sealed, taken_in)"),
        sa.CheckConstraint("number >= 0", name="number_counts"),
        sa.CheckConstraint("generation > 0", name="generation_counts"),
        sa.CheckConstraint("(sealed IS NULL) <> (taken_in IS NULL)", name="sealed_or_taken_in"),
        sa.CheckConstraint("(rests_on IS NULL) = (rests_on_number IS NULL)", name="rests_on_one_key"),
        sa.Index(None, "case_id", "recipient_id"),
        sa.Index(
            "ix_exchange_key_rests_on", "rests_on", "rests_on_number",
            postgresql_where=sa.text("rests_on IS NOT NULL"),
        ),
        schema=SCHEMA,
    )

    op.create_table(
        "kept_key",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        _digest_of("wrapped_key"),
        sa.Index(None, "record_id", "authority_id"),
        schema=SCHEMA,
    )


def _digest_of(key: str) -> sa.Column[bytes]:
    """Give the column of the digest of a wrapped or sealed key, which whoever compares rows reads in its place."""
    return sa.Column("key_digest", sa.LargeBinary(), sa.Computed(f"sha256({key})", persisted=True), nullable=False)
