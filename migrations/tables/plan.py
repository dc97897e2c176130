"""The plan's obligations and the material of the district's network. The plan itself is on the floor `access`."""

import sqlalchemy as sa

from migrations.tables.definitions import create_table, revision


def create_tables() -> None:
    """Create the tables of this floor, in the order of their references."""
    create_table(
        "obligation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("every", sa.Text()),
        sa.Column("due_year", sa.Integer()),
        sa.Column("due_on", sa.Date()),
        sa.Column("fulfilled_on", sa.Date()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_owed", sa.Boolean(), nullable=False),
        revision(),
        sa.UniqueConstraint("infohus_id", "code"),
    )

    # No column refers to a person or a case, and the API refuses texts that name one (rule 25). Only the log says who
    # added the material.
    create_table(
        "network_material",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), nullable=False, index=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
    )
