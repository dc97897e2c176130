"""Rules for this repository's code that no other tool checks, each a function from source text to the faults in it.

tests/unit/test_house_rules.py runs them over the repository, and first over examples that must be found.
"""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).resolve().parents[1]
LONGEST_FILE_LINES = 350

EMPTY_WORDS = {
    "util", "utils", "utility", "utilities", "helper", "helpers", "common", "base", "core", "manager", "managers",
    "service", "services", "processor", "processors", "data", "info",
}  # fmt: skip
TERMS_OF_ART = {"DataKey"}
"""Names with an empty word that are terms of cryptography: a data key is what other keys wrap."""

CLOCKS = {"src/infohus/clock.py"}
"""Where the clock may be read; all other code is given the time."""

CALENDARS = {"src/infohus/danish_calendar.py"}
"""Where a time may be turned into a day."""

FENCES = {
    "jose": ("src/infohus/kernel/identity/tokens.py",),
    "cryptography": (
        "src/infohus/kernel/sealing/", "src/infohus/kernel/audit/", "src/infohus/kernel/identity/",
        "src/infohus/demo/keys.py",  # the demo's identity provider stands for a foreign system with keys of its own
    ),
    "asyncpg": (
        "src/infohus/kernel/database/", "src/infohus/kernel/unit_of_work/", "src/infohus/kernel/audit/",
        "src/infohus/app.py", "src/infohus/cli/", "src/infohus/demo/", "migrations/",
    ),
}  # fmt: skip
"""Which library may be imported where; a folder ends with a slash."""

WHO_MAY_LOOK_AT_ROLES = ("src/infohus/kernel/authorization/", "src/infohus/kernel/identity/", "src/infohus/demo/")

COLLECTS_SEALED_COLUMNS = ("src/infohus/kernel/sealing/column.py",)
"""Looks through every table for its sealed columns, which the application log must never show."""

NAMES_CASE_AND_AUTHORITY = ("src/infohus/kernel/",)
"""Where a foreign key may name its column as text: the base class of records, below the tables of cases and
authorities, refers to both."""

OTHER_APPLICATIONS = ("src/infohus/demo/issuer.py", "src/infohus/kernel/audit/witness/server.py")
"""Small applications of their own, whose routes are beside them."""
MAY_REACH_THE_DATABASE = (
    "src/infohus/kernel/", "src/infohus/cli/", "src/infohus/demo/", "src/infohus/app.py",
    "src/infohus/plan/installed.py", "src/infohus/plan/loading.py", "src/infohus/plan/obligations.py",
    "src/infohus/plan/intake_acts.py", "src/infohus/plan/owner_acts.py", "src/infohus/plan/owner_writes.py",
    "src/infohus/plan/restoring_acts.py", "src/infohus/plan/retention_acts.py", "src/infohus/plan/signer_acts.py",
    "src/infohus/plan/stored.py", "src/infohus/casework/assessments/templates.py",
)
PRIVATE_TO_THE_UNIT = {"_ask", "_connection", "_keys", "_vault", "_writes"}
HTTP_METHODS = {"delete", "get", "head", "patch", "post", "put", "route"}

SQL_AS_TEXT = (
    "src/infohus/kernel/audit/", "src/infohus/cli/", "src/infohus/demo/installation.py",  # the schema audit: no models
    "src/infohus/kernel/access/intake_keys.py", "src/infohus/kernel/access/restored_keys.py",  # who acts in `keys`
    "src/infohus/kernel/database/pool.py",  # which roles there are, asked of the catalog
    "src/infohus/kernel/database/readiness.py",  # whether it can be written to
    "src/infohus/kernel/database/statements.py", "src/infohus/kernel/unit_of_work/begin.py",  # who acts; BEGIN, COMMIT
    "src/infohus/kernel/unit_of_work/request_context.py",
)
"""Where SQL may stand as text. A table of the schema `infohus` may be named in none of them."""
TAKES_TEXT = {"DDL", "TextClause", "exec_driver_sql", "literal_column", "text"}
"""SQLAlchemy's own ways to take SQL as text."""
TAKES_TEXT_AS_METHOD = {"exec_driver_sql", "from_statement", "prefix_with", "suffix_with", "with_hint"}

_SQL = re.compile(
    r"\bselect\b.*\bfrom\s+[\w\"({]|\binsert\s+into\s|\bupdate\s+[\w.\"{}]+(\s+(as\s+)?\w+)?\s+set\s"
    r"|\bdelete\s+from\s|\bmerge\s+into\s|\btruncate\s+(table\s+)?[\w\"{]+\.",
    re.IGNORECASE | re.DOTALL,
)
_SQL_BEGINS = re.compile(r"\s*((?i:select)|INSERT|UPDATE|DELETE|MERGE|TRUNCATE|WITH)\s(?![\s\d]+$)")
_OF_A_CASE = re.compile(r"\b(from|join|into|update|truncate|table)\s+\"?infohus\"?\.(?!act_as\b)", re.IGNORECASE)

# Written so that this file does not name what it looks for.
_ADDRESS = re.compile(
    r"pyp[i]\.|python[h]osted|npmj[s]\.|registry\.(?:npm|yarn)|proxy\.golan[g]|crates\.i[o]"
    r"|docker\.i[o]|quay\.i[o]|ghcr\.i[o]|deb\.debia[n]"
)
_MACHINE_PATH = re.compile(r"(?<![\w.*)\]}])/(?:wor[k]|roo[t]|hom[e]|User[s])/\w")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the repository: its path from the root, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """Parse it as Python."""
        return ast.parse(self.text)

    def is_in(self, *places: str) -> bool:
        """Say whether it is one of these files, or in one of these folders (which end with a slash)."""
        return any(self.path == place or (place.endswith("/") and self.path.startswith(place)) for place in places)


Rule = Callable[[Source], Iterator[str]]


def repository_files() -> list[Source]:
    """Read every text file that is or would be committed."""
    listed = subprocess.run(
        # The repository may belong to another account than the one that runs the tests.
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    sources = []
    for path in sorted(set(listed.stdout.split("\0"))):
        file = REPOSITORY / path
        if path and file.is_file():
            try:
                sources.append(Source(path, file.read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue  # a picture or a font
    return sources


def too_long(source: Source) -> Iterator[str]:
    """A file has at most `LONGEST_FILE_LINES` lines."""
    if (lines := source.text.count("\n")) > LONGEST_FILE_LINES:
        yield f"{lines} lines"


def empty_names(source: Source) -> Iterator[str]:
    """No module or class has one of `EMPTY_WORDS` in its name."""
    modules = PurePosixPath(source.path).with_suffix("").parts
    classes = [node.name for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    for name in (*modules, *classes):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
        if name not in TERMS_OF_ART and EMPTY_WORDS.intersection(words):
            yield name


def clocks(source: Source) -> Iterator[str]:
    """Only `CLOCKS` reads the time; other code is given it."""
    if source.is_in(*CLOCKS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            owner = ast.unparse(node.value).split(".")[-1]
            if owner in {"datetime", "date"}:
                yield f"line {node.lineno}: {owner}.{node.attr}"


def days_of_another_calendar(source: Source) -> Iterator[str]:
    """Only `CALENDARS` turns a time into a day or an hour: a datetime in UTC has another day than Denmark."""
    if source.is_in(*CALENDARS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, given = node.func.attr, [*node.args, *node.keywords]
            if name == "astimezone" or (name == "date" and not given):
                yield f"line {node.lineno}: calls {name}"
            if name == "replace" and any(keyword.arg == "tzinfo" for keyword in node.keywords):
                yield f"line {node.lineno}: replaces the time zone"


def without_docstring(source: Source) -> Iterator[str]:
    """Every module has a docstring."""
    if not ast.get_docstring(source.tree):
        yield "no module docstring"


def fences(source: Source) -> Iterator[str]:
    """Libraries that are easily misused are imported only where `FENCES` permits it."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        for library in {name.split(".")[0] for name in names}.intersection(FENCES):
            if not source.is_in(*FENCES[library]):
                yield f"line {node.lineno}: imports {library}"


def roles_compared(source: Source) -> Iterator[str]:
    """Only the policies decide by role: other code compares none."""
    if source.is_in(*WHO_MAY_LOOK_AT_ROLES):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(isinstance(side, ast.Attribute) and side.attr == "role" for side in sides) or any(
                isinstance(side, ast.Name) and side.id == "role" for side in sides
            ):
                yield f"line {node.lineno}: compares a role"


def hidden_annotations(source: Source) -> Iterator[str]:
    """No module with handlers postpones its annotations: Litestar reads them at run time."""
    imports = [node for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom)]
    if any((node.module or "").startswith("litestar") for node in imports) and any(
        node.module == "__future__" for node in imports
    ):
        yield "from __future__ import annotations beside Litestar"


def misplaced_routes(source: Source) -> Iterator[str]:
    """Routes are in `api.py` or `*_routes.py`, where the other rules look for them."""
    name = PurePosixPath(source.path).name
    if name == "api.py" or name.endswith("_routes.py") or source.is_in(*OTHER_APPLICATIONS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for mark in node.decorator_list:
                called = mark.func if isinstance(mark, ast.Call) else mark
                name = ast.unparse(called).split(".")[-1]
                if name in HTTP_METHODS:
                    yield f"line {node.lineno}: the route {node.name}"


def looked_up_tables(source: Source) -> Iterator[str]:
    """Code that reads a table imports its model; none looks tables up in SQLAlchemy's registry."""
    if source.is_in(*COLLECTS_SEALED_COLUMNS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"tables", "sorted_tables", "mappers", "_class_registry"}:
            owner = ast.unparse(node.value).split(".")[-1]
            if owner in {"metadata", "registry"}:
                yield f"line {node.lineno}: {owner}.{node.attr}"


def foreign_keys_by_name(source: Source) -> Iterator[str]:
    """A foreign key to another file's table names its column as Python, so that the import shows it."""
    if source.is_in(*NAMES_CASE_AND_AUTHORITY):
        return
    own = set(re.findall(r'__tablename__ = "(\w+)"', source.text))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1].startswith("ForeignKey"):
            named = set(re.findall(r"(?:infohus|\{SCHEMA\})\.(\w+)\.\w+", ast.unparse(node)))
            yield from (f"line {node.lineno}: names the table {table}" for table in sorted(named - own))


def opened_package(source: Source) -> Iterator[str]:
    """For requests only the unit of work names a connection, the vault, or what was opened and written.

    Two other ways to the database exist: the signer (kernel/audit/signing/), and the commands that act as another role
    (cli/, and the functions of plan/ and casework/assessments/templates.py that are given the owner's connection).
    """
    if source.is_in(*MAY_REACH_THE_DATABASE):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if found := names & {"Connection", "AnyConnection", "Vault", "Keyring", "PendingWrites"}:
                yield f"line {node.lineno}: imports {', '.join(sorted(found))}"
        if isinstance(node, ast.Attribute) and node.attr in {"add_opened", "add_wrote"}:
            yield f"line {node.lineno}: says itself what was done: {node.attr}"
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE_TO_THE_UNIT:
            yield f"line {node.lineno}: reaches for {node.attr}"


def sql_as_text(source: Source) -> Iterator[str]:
    """SQLAlchemy builds every statement; text is left for the log's schema, row security and transaction control."""
    tree, is_named = source.tree, source.is_in(*SQL_AS_TEXT)
    for node, text in _texts(tree):
        is_sql = _SQL.search(text) or _SQL_BEGINS.match(text)
        if _OF_A_CASE.search(text) if is_named else is_sql:
            yield f"line {node.lineno}: {' '.join(text.split())[:60]}"
    yield from _takers_of_text(tree)


def _texts(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Give every string but docstrings, with `{}` for what an f-string fills in; strings that are added are one."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) for part in _parts_of(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and id(node) not in docstrings | parts:
            yield node, _text_of(node)


def _parts_of(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.JoinedStr):
        return node.values
    return [node.left, node.right] if isinstance(node, ast.BinOp) else []


def _text_of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return "".join(map(_text_of, _parts_of(node))) or "{}"


def _takers_of_text(tree: ast.Module) -> Iterator[str]:
    imported = dict(_imports_of_sqlalchemy(tree))
    for name in TAKES_TEXT.intersection(imported.values()):
        yield f"imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner, name = node.value, node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
            owner, name = node.args[0], _text_of(node.args[1])
        else:
            continue
        is_of_sqlalchemy = ast.unparse(owner).split(".", maxsplit=1)[0] in imported
        if name in TAKES_TEXT_AS_METHOD or (is_of_sqlalchemy and name in TAKES_TEXT):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def _imports_of_sqlalchemy(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give what is imported from SQLAlchemy: how it is called here, and its own name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for one in node.names:
                whole = f"{node.module}.{one.name}" if isinstance(node, ast.ImportFrom) else one.name
                if whole.split(".", maxsplit=1)[0] == "sqlalchemy":
                    yield (one.asname or one.name).split(".", maxsplit=1)[0], one.name


def addresses(source: Source) -> Iterator[str]:
    """No file names the address of a package index or a path of a machine: those differ between machines."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        if found := _ADDRESS.search(line):
            yield f"line {number}: names {found.group()}"
        if found := _MACHINE_PATH.search(line):
            yield f"line {number}: names the path {found.group()}…"


def unlocked(source: Source) -> Iterator[str]:
    """A lock file has exact versions with hashes, and no addresses."""
    entries = re.split(r"\n(?=\S)", source.text.strip())
    for entry in entries:
        first = entry.splitlines()[0] if entry else ""
        if not re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+", first):
            yield f"is no locked version: {first}"
        elif not re.search(r"--hash=sha256:[0-9a-f]{64}", entry):
            yield f"has no hash: {first}"
        if "://" in entry or "@" in first:
            yield f"holds an address: {first}"


def ignores_without_reason(source: Source) -> Iterator[str]:
    """Every rule that pyproject switches off has a comment beside it."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        if re.match(r'\s+"[A-Z]+[0-9]*",', line) and not re.search(r"#\s*\w+", line):
            yield f"line {number}: {line.strip()}"
