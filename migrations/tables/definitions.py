"""What the tables of all floors have in common: a record's columns, sealed columns, choices, foreign keys.

Imports no models: a migration stays the same when the models change. Constraints and indexes are named by
`infohus.kernel.database.tables.NAMING`, which env.py gives to Alembic.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

SCHEMA = "infohus"


LARGEST_ROW_BYTES = 8160
"""As much of a row as a page can hold. Source: PostgreSQL, TOAST_TUPLE_TARGET_MAIN."""


def create_table(name: str, *columns: sa.schema.SchemaItem) -> None:
    """Create a table of the schema `infohus`.

    Sealed texts, wrapped keys and digests do not compress. So for a table with a column of bytes PostgreSQL shall not
    try it as soon as a row has 2,000 bytes, nor store a part of the row elsewhere, while the page has room for all.
    """
    for column in columns:
        if isinstance(column, sa.Column) and isinstance(column.type, sa.Enum):
            words = f"VALUE = ANY ('{{{','.join(column.type.enums)}}}'::text[])"
            domain = postgresql.DOMAIN(f"{name}_{column.name}", sa.Text(), check=words, schema=SCHEMA)
            domain.create(op.get_bind(), checkfirst=False)
            column.type = domain
    has_bytes = any(isinstance(column, sa.Column) and isinstance(column.type, sa.LargeBinary) for column in columns)
    storage = {"toast_tuple_target": LARGEST_ROW_BYTES} if has_bytes else {}
    op.create_table(name, *columns, schema=SCHEMA, postgresql_with=storage)


def create_record(
    name: str, *columns: sa.schema.SchemaItem, unique_in_case: tuple[str, ...] | None = None, versioned: bool = False
) -> None:
    """Create the table of a kind of record: it belongs to one case, one owning authority and that authority's regime.

    Authority and regime are one foreign key, so no record can be under another regime than its owner (rule 42), nor
    under one that does not exist: that is checked where the authority stands. With `unique_in_case` a case has at most
    one record for each value of these columns, and for `()` at most one record. Where it is `versioned`, each version
    is a row.
    """
    in_case = sa.Index(None, "case_id") if unique_in_case is None else sa.UniqueConstraint("case_id", *unique_in_case)
    create_table(
        name,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("infohus.case.id"), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("regime", sa.String(60), nullable=False),
        sa.Column("record_version", sa.Integer(), primary_key=versioned, autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "regime"], ["infohus.authority.id", "infohus.authority.regime"],
        ),
        *columns,
        in_case,
    )


def once_per_record(table: str, *columns: str) -> sa.Index:
    """Make a unique index of a versioned table in which a record counts once, however many versions it has."""
    return sa.Index(
        f"uq_{table}_{'_'.join(columns)}", *columns, unique=True, postgresql_where=sa.text("record_version = 1")
    )


def create_joint_decision(name: str, *columns: sa.schema.SchemaItem) -> None:
    """Create the table of a kind of decision that both authorities sign; an exchange discloses it to the other."""
    create_record(
        name,
        *columns,
        sa.Column("outcome", sa.Text(), nullable=False),
        sealed("content"),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), sa.ForeignKey("infohus.exchange.id")),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        revision(),
        versioned=True,
    )


def revision() -> sa.Column[int]:
    """Make the column of a table whose rows change: the unit of work counts in it, and the log names each count."""
    return sa.Column("revision", sa.Integer(), nullable=False, server_default="1")


def sealed(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    """Make a column of sealed text; the database stores bytes and never has the key."""
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def choice(name: str, *values: str, nullable: bool = False) -> sa.Column[str]:
    """Make a column that holds one of these words, which its own domain `<table>_<name>` enforces.

    PostgreSQL reads and compiles the checks of a table anew for each statement that writes to it; a domain's it keeps.
    """
    return sa.Column(name, sa.Enum(*values, native_enum=False), nullable=nullable)


def add_reference(table: str, column: str, other: str, *, within: str | None = None) -> None:
    """Add a foreign key from a column of an existing table to the id of a later table, on a higher floor.

    `within` names a column that both tables have and that must be equal.
    """
    both = [] if within is None else [within]
    op.create_foreign_key(
        None, table, other, [*both, column], [*both, "id"], source_schema=SCHEMA, referent_schema=SCHEMA,
    )
