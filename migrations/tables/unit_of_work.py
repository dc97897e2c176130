"""The unit of work's own table: the names of those who acted (rule 60)."""

import sqlalchemy as sa

from migrations.tables.definitions import create_table, sealed


def create_tables() -> None:
    """Create the tables of this floor, in the order of their references."""
    create_table(
        "actor",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("authority_id", sa.Text(), sa.ForeignKey("infohus.authority.id"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sealed("name", nullable=True),
        sealed("email", nullable=True),
        sa.UniqueConstraint("authority_id", "person_id", "fingerprint"),
    )
