"""The material of the district's network. The plan itself is on the floor `access`: it says who takes part."""

import sqlalchemy as sa

from migrations.tables.definitions import create_table


def create_tables() -> None:
    """Create the tables of this floor, in the order of their references."""
    # No column here can hold a person or a case, and the texts are refused by the API when they name one (rule 25).
    # Who added it stands in the log alone.
    create_table(
        "network_material",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("infohus_id", sa.Uuid(), sa.ForeignKey("infohus.infohus.id"), nullable=False, index=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
    )
