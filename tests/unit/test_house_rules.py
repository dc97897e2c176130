"""The rules of house_rules.py hold in this repository, and each finds the examples that break it."""

import re

import pytest

from house_rules import (
    REPOSITORY,
    Rule,
    Source,
    addresses,
    clocks,
    days_of_another_calendar,
    empty_names,
    fences,
    foreign_keys_by_name,
    hidden_annotations,
    ignores_without_reason,
    looked_up_tables,
    misplaced_routes,
    opened_package,
    repository_files,
    roles_compared,
    sql_as_text,
    too_long,
    unlocked,
    without_docstring,
)

FILES = repository_files()
PYTHON = [source for source in FILES if source.path.endswith(".py")]
OURS = [source for source in PYTHON if source.path.startswith(("src/", "migrations/"))]
APPLICATION = [source for source in OURS if source.path.startswith("src/")]
LOCKS = [source for source in FILES if re.fullmatch(r"requirements[a-z-]*\.txt", source.path)]
PROJECT = [source for source in FILES if source.path == "pyproject.toml"]

HASH = "--hash=sha256:" + "0" * 64
ROOT = "/" + "root/project"
REGISTRY = "https://py" + "pi.org/simple"
OPERATIONS = "src/infohus/casework/notes/operations.py"
LOG = "src/infohus/kernel/audit/storage/log.py"

WHERE = [
    (too_long, [source for source in FILES if source.path.endswith((".py", ".sql"))]),
    (empty_names, PYTHON),
    (without_docstring, PYTHON),
    (clocks, OURS),
    (days_of_another_calendar, APPLICATION),
    (fences, OURS),
    (roles_compared, APPLICATION),
    (hidden_annotations, APPLICATION),
    (misplaced_routes, APPLICATION),
    (looked_up_tables, APPLICATION),
    (foreign_keys_by_name, APPLICATION),
    (opened_package, APPLICATION),
    (sql_as_text, APPLICATION),
    (addresses, FILES),
    (unlocked, LOCKS),
    (ignores_without_reason, PROJECT),
]

BAD = [
    (misplaced_routes, Source("src/infohus/cases/contacts.py", "@get('/contacts')\nasync def contacts(): pass")),
    (misplaced_routes, Source("src/infohus/cases/views.py", "@litestar.get('/x')\nasync def view(): pass")),
    (misplaced_routes, Source("src/infohus/cases/views.py", "@post\ndef view(): pass")),
    (opened_package, Source("src/infohus/cases/a.py", "from infohus.kernel.database.pool import Connection")),
    (opened_package, Source("src/infohus/cases/a.py", "from infohus.kernel.sealing.vault import Vault as V")),
    (opened_package, Source("src/infohus/cases/a.py", "draft = work.audit_draft\ndraft.add_opened(place)")),
    (opened_package, Source("src/infohus/cases/a.py", "await head_of(work._connection, one)")),
    (opened_package, Source("src/infohus/cases/a.py", "await work._connection.execute(statement)")),
    (opened_package, Source("src/infohus/cases/a.py", "text = work._keys.open(record)")),
    (too_long, Source("src/infohus/a.py", "x\n" * 351)),
    (empty_names, Source("src/infohus/utils.py", "")),
    (empty_names, Source("src/infohus/case_helpers.py", "")),
    (empty_names, Source("src/infohus/core/cases.py", "")),
    (empty_names, Source("src/infohus/cases.py", "class CaseManager: pass")),
    (empty_names, Source("src/infohus/cases.py", "class CaseInfo: pass")),
    (without_docstring, Source("src/infohus/a.py", "x = 1\n")),
    (clocks, Source("src/infohus/a.py", "from datetime import datetime\nx = datetime.now()")),
    (clocks, Source("src/infohus/a.py", "import datetime\nx = datetime.datetime.utcnow()")),
    (clocks, Source("src/infohus/a.py", "from datetime import date\nx = date.today")),
    (days_of_another_calendar, Source("src/infohus/a.py", "late = draft.released_on > work.now.date()")),
    (days_of_another_calendar, Source("src/infohus/a.py", "year = work.now.astimezone(DENMARK).year")),
    (days_of_another_calendar, Source("src/infohus/plan/danish_calendar.py", "day = now().date()")),
    (days_of_another_calendar, Source("src/infohus/a.py", "day = typed.replace(tzinfo=UTC)")),
    (fences, Source("src/infohus/app.py", "from jose import jwt")),
    (fences, Source("src/infohus/kernel/identity/issuers.py", "import jose.jwt")),
    (fences, Source("src/infohus/casework/exchanges/operations.py", "from cryptography.fernet import Fernet")),
    (fences, Source("src/infohus/casework/exchanges/operations.py", "def f():\n    import asyncpg")),
    (roles_compared, Source("src/infohus/casework/exchanges/api.py", "if caller.role == 'dpo': pass")),
    (roles_compared, Source("src/infohus/casework/exchanges/api.py", "if role in ALLOWED: pass")),
    (
        hidden_annotations,
        Source("src/infohus/casework/exchanges/api.py", "from __future__ import annotations\nfrom litestar import get"),
    ),
    (looked_up_tables, Source("src/infohus/cases/a.py", 't = Row.metadata.tables["infohus.subject"]')),
    (looked_up_tables, Source("src/infohus/cases/a.py", "for table in metadata.sorted_tables: pass")),
    (looked_up_tables, Source("src/infohus/cases/a.py", "x = [one.class_ for one in Row.registry.mappers]")),
    (foreign_keys_by_name, Source("src/infohus/cases/a.py", 'x = sa.ForeignKey("infohus.subject.id")')),
    (foreign_keys_by_name, Source("src/infohus/cases/a.py", 'x = sa.ForeignKey(f"{SCHEMA}.subject.id")')),
    (
        foreign_keys_by_name,
        Source("src/infohus/cases/a.py", 'x = sa.ForeignKeyConstraint(["a", "b"], [f"{SCHEMA}.c.a", f"{SCHEMA}.c.b"])'),
    ),
    (sql_as_text, Source(OPERATIONS, 'x = "SELECT id FROM infohus.note WHERE id = $1"')),
    (sql_as_text, Source(OPERATIONS, "x = 'select n.id from note n'")),
    (sql_as_text, Source(OPERATIONS, 'x = f"SELECT {columns} FROM {table}"')),
    (sql_as_text, Source(OPERATIONS, 'x = "SELECT " + ", ".join(columns) + " FR" + "OM note"')),
    (sql_as_text, Source(OPERATIONS, 'x = "SELECT {} FROM {}".format(columns, table)')),
    (sql_as_text, Source(OPERATIONS, 'x = """\nWITH old AS (DELETE FROM infohus.note RETURNING id) TABLE old"""')),
    (sql_as_text, Source(OPERATIONS, 'x = "INSERT INTO infohus.note (id) VALUES ($1)"')),
    (sql_as_text, Source(OPERATIONS, 'x = f"UPDATE {table} SET version = 2"')),
    (sql_as_text, Source(OPERATIONS, 'x = "update infohus.note as n set version = 2"')),
    (sql_as_text, Source(OPERATIONS, 'x = "DELETE FROM infohus.note"')),
    (sql_as_text, Source(OPERATIONS, 'x = "TRUNCATE infohus.note"')),
    (sql_as_text, Source(OPERATIONS, "async def f():\n    await connection.execute('select infohus.withdraw($1)')")),
    (sql_as_text, Source(OPERATIONS, "x = f'{fetch(\"SELECT id FROM infohus.note\")}'")),
    (sql_as_text, Source(OPERATIONS, "import sqlalchemy as sa\nx = sa.text(words)")),
    (sql_as_text, Source(OPERATIONS, "import sqlalchemy as sa\nplain = sa.text")),
    (sql_as_text, Source(OPERATIONS, "import sqlalchemy as sa\nx = sa.sql.expression.literal_column('a')")),
    (sql_as_text, Source(OPERATIONS, "import sqlalchemy.sql\nx = sqlalchemy.sql.text(words)")),
    (sql_as_text, Source(OPERATIONS, "from sqlalchemy import text as words")),
    (sql_as_text, Source(OPERATIONS, "from sqlalchemy.sql import expression as e\nx = e.text(words)")),
    (sql_as_text, Source(OPERATIONS, "import sqlalchemy as sa\nx = getattr(sa, 'text')(words)")),
    (sql_as_text, Source(OPERATIONS, "x = query.prefix_with(words)")),
    (sql_as_text, Source(OPERATIONS, "x = query.from_statement(words)")),
    (sql_as_text, Source(LOG, 'x = "SELECT number FROM infohus.case"')),
    (sql_as_text, Source(LOG, 'x = f"SELECT l.index FROM audit.leaf l JOIN infohus.{table} t ON t.id = l.row"')),
    (addresses, Source("README.md", f"pip install --index-url {REGISTRY}")),
    (addresses, Source("deploy/a.service", f"ExecStart={ROOT}/.venv/bin/infohus")),
    (addresses, Source("docs/a.md", f"see `{ROOT}`")),
    (unlocked, Source("requirements.txt", "msgspec==0.22.0\n")),
    (unlocked, Source("requirements.txt", f"msgspec>=0.22.0 \\\n    {HASH}\n")),
    (unlocked, Source("requirements.txt", f"--index-url {REGISTRY}\nmsgspec==0.22.0 \\\n    {HASH}\n")),
    (unlocked, Source("requirements.txt", f"msgspec==0.22.0 @ {REGISTRY}/msgspec.whl \\\n    {HASH}\n")),
    (ignores_without_reason, Source("pyproject.toml", 'ignore = [\n    "D101",\n]\n')),
]

GOOD = [
    (too_long, Source("src/infohus/a.py", "x\n" * 350)),
    (empty_names, Source("src/infohus/information.py", "class InfohusPlan: pass\nclass Database: pass")),
    (clocks, Source("src/infohus/clock.py", "from datetime import datetime\nx = datetime.now()")),
    (opened_package, Source("src/infohus/plan/loading.py", "from kernel.database.statements import Connection")),
    (misplaced_routes, Source("src/infohus/cases/contact_routes.py", "@get('/contacts')\nasync def contacts(): pass")),
    (sql_as_text, Source(OPERATIONS, '"""Selects nothing: SELECT id FROM infohus.note is what SQLAlchemy writes."""')),
    (sql_as_text, Source(OPERATIONS, "x = sa.select(Note.text).where(Note.id == sa.bindparam('id'))\ny = note.text")),
    (sql_as_text, Source(OPERATIONS, "if status == 'UPDATE 0': raise ActedAtTheSameTime")),
    (sql_as_text, Source(OPERATIONS, "x = 'Update what you know of the reporter, and delete the note.'")),
    (sql_as_text, Source(LOG, 'x = "SELECT index FROM audit.leaf WHERE log_id = $1"')),
    (sql_as_text, Source("src/infohus/kernel/database/statements.py", "x = 'SELECT f.* FROM infohus.act_as($1) AS f'")),
    (days_of_another_calendar, Source("src/infohus/danish_calendar.py", "day = moment.astimezone(DENMARK).date()")),
    (days_of_another_calendar, Source("src/infohus/a.py", "day = sa.func.date(column)\nborn = number.birth_date")),
    (clocks, Source("src/infohus/a.py", "x = now()\ny = clock.now()")),
    (fences, Source("src/infohus/kernel/identity/tokens.py", "from jose import jwt")),
    (looked_up_tables, Source("src/infohus/kernel/sealing/column.py", "x = metadata.tables.values()")),
    (looked_up_tables, Source("src/infohus/cases/a.py", "x = Subject.__table__\ny = plan.tables")),
    (foreign_keys_by_name, Source("src/infohus/cases/a.py", "x = sa.ForeignKey(Subject.id)")),
    (
        foreign_keys_by_name,
        Source("src/infohus/a.py", '__tablename__ = "note"\nx = sa.ForeignKey(f"{SCHEMA}.note.id")'),
    ),
    (addresses, Source("docs/a.md", "the route /cases/{id}/workplace and ../shared/RULES.md")),
    (unlocked, Source("requirements.txt", f"msgspec==0.22.0 ; python_version < '4' \\\n    {HASH}\n")),
]


def name_of(value: object) -> str:
    return value.path if isinstance(value, Source) else getattr(value, "__name__", "")


def locked_versions(name: str) -> dict[str, str]:
    text = (REPOSITORY / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)", text, re.MULTILINE | re.IGNORECASE))


class WhenARuleIsBroken:
    def test_every_rule_has_an_example_of_what_it_refuses(self) -> None:
        assert {rule for rule, _ in WHERE} == {rule for rule, _ in BAD}

    @pytest.mark.parametrize(("rule", "source"), BAD, ids=name_of)
    def test_it_is_noticed(self, rule: Rule, source: Source) -> None:
        assert list(rule(source))

    @pytest.mark.parametrize(("rule", "source"), GOOD, ids=name_of)
    def test_nothing_else_is(self, rule: Rule, source: Source) -> None:
        assert list(rule(source)) == []


class WhenTheRepositoryIsRead:
    @pytest.mark.parametrize(("rule", "sources"), WHERE, ids=name_of)
    def test_it_keeps_the_rule(self, rule: Rule, sources: list[Source]) -> None:
        assert sources
        assert [f"{source.path}: {fault}" for source in sources for fault in rule(source)] == []


class WhenDependenciesAreLocked:
    @pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
    def test_every_one_that_is_asked_for_is_in_the_lock(self, name: str) -> None:
        asked = re.findall(r"^([a-z0-9-]+)", (REPOSITORY / f"{name}.in").read_text(), re.MULTILINE | re.IGNORECASE)
        locked = {name.lower() for name in locked_versions(f"{name}.txt")}
        assert {name.lower() for name in asked if not name.startswith("-")} <= locked

    def test_tests_run_on_the_versions_that_run_for_real(self) -> None:
        tested = locked_versions("requirements-dev.txt")
        assert {name: tested.get(name) for name in locked_versions("requirements.txt")} == locked_versions(
            "requirements.txt"
        )
