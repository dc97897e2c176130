"""What the tables of all floors have in common: a record's columns, sealed columns, choices, foreign keys.

Imports no models: a migration stays the same when the models change. Constraints and indexes are named by
`infohus.kernel.database.tables.NAMING`, which env.py gives to Alembic.
"""

import sqlalchemy as sa
from alembic import op

SCHEMA = "infohus"


def create_table(name: str, *columns: sa.schema.SchemaItem) -> None:
    """Create a table of the schema `infohus`."""
    op.create_table(name, *columns, schema=SCHEMA)


def create_record(name: str, *columns: sa.schema.SchemaItem, unique_in_case: tuple[str, ...] | None = None) -> None:
    """Create the table of a kind of record: it belongs to one case, one owning authority and that authority's regime.

    Authority and regime are one foreign key, so no record can be under another regime than its owner (rule 42). With
    `unique_in_case` a case has at most one record for each value of these columns, and for `()` at most one record.
    """
    in_case = sa.Index(None, "case_id") if unique_in_case is None else sa.UniqueConstraint("case_id", *unique_in_case)
    create_table(
        name,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("regime", choice("regime", "gdpr", "led", "pet"), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"], ["infohus.authority.id", "infohus.authority.regime"],
        ),
        *columns,
        in_case,
    )


def create_joint_decision(
    name: str, *columns: sa.schema.SchemaItem, unique_in_case: tuple[str, ...] | None = None
) -> None:
    """Create the table of a kind of decision that both authorities sign; an exchange discloses it to the other."""
    create_record(
        name,
        *columns,
        sa.Column("outcome", sa.Text(), nullable=False),
        sealed("content"),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), sa.ForeignKey("infohus.exchange.id")),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        unique_in_case=unique_in_case,
    )


def sealed(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    """Make a column of sealed text; the database stores bytes and never has the key."""
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def choice(name: str, *values: str) -> sa.Enum:
    """Make the type of a column that holds one of these words, which the CHECK `ck_<table>_<name>` enforces."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def add_reference(table: str, column: str, other: str) -> None:
    """Add a foreign key from a column of an existing table to the id of a later table, on a higher floor."""
    op.create_foreign_key(
        None, table, other, [column], ["id"], source_schema=SCHEMA, referent_schema=SCHEMA,
    )
