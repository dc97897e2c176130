"""Create the whole schema: the audit log, the tables floor by floor, and then their row security.

The definitions are in `audit*.sql`, `tables/` and `row_security/`; README.md beside them says how to
change them.
"""

from collections.abc import Iterator
from pathlib import Path

from alembic import op

from migrations.tables import access, cases, casework, keys, oversight, plan, unit_of_work, whole_case

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MIGRATIONS = Path(__file__).parents[1]
FLOORS = {
    "access": access,
    "unit_of_work": unit_of_work,
    "plan": plan,
    "cases": cases,
    "casework": casework,
    "whole_case": whole_case,
    "oversight": oversight,
}
"""From the lowest up: a floor's tables refer to those below, and higher floors add the references upwards."""


def upgrade() -> None:
    """Create everything. All tables come first, because a row policy may read tables of other floors."""
    run(MIGRATIONS / "audit.sql")
    run(MIGRATIONS / "audit_append.sql")
    run(MIGRATIONS / "audit_rarer_fields.sql")
    run(MIGRATIONS / "audit_emptying.sql")
    run(MIGRATIONS / "row_security" / "audit.sql")
    for floor in FLOORS.values():
        floor.create_tables()
    run(MIGRATIONS / "row_security" / "caller.sql")
    run(MIGRATIONS / "row_security" / "supervision.sql")
    for name in FLOORS:
        run(MIGRATIONS / "row_security" / f"{name}.sql")
    run(MIGRATIONS / "row_security" / "changes.sql")
    run(MIGRATIONS / "row_security" / "reconciliation.sql")
    keys.create_tables()
    run(MIGRATIONS / "row_security" / "keys.sql")


def run(file: Path) -> None:
    """Run an SQL file, one statement at a time, because the driver prepares each."""
    for statement in statements_of(file.read_text(encoding="utf-8")):
        op.execute(statement)


def statements_of(text: str) -> Iterator[str]:
    """Split SQL: a statement ends with a semicolon at the end of a line that does not stand between two `$$`."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if line.endswith(";\n") and statement.count("$$") % 2 == 0:
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def downgrade() -> None:
    """Refuse: everything recorded would be lost."""
    raise RuntimeError
