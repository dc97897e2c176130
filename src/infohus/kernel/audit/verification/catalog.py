"""Are functions, tables, rights and roles the ones we shipped? A superuser can replace any of them.

Another policy hides rows, another function answers what is not so, another right opens what was closed: no row differs
then. A change that was undone is not seen here; what it did shows in the rows, or as a missing entry.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.exported_log import Fault

SHIPPED_FILE = Path(__file__).with_name("shipped_catalog.txt")
"""A line for each part: what it is, SHA-256 of its definition, its name. `make catalog` writes it; a test compares."""

SAYS = {
    "function": ("funktionen", "er ikke den, der blev leveret"), "table": ("tabellen", "er ikke den, der blev leveret"),
    "policies": ("reglerne for, hvem der ser hvad,", "er ikke dem, der blev leveret"),
    "rights": ("rettighederne til tabellen", "er ikke dem, der blev leveret"),
    "role": ("rollen", "er ikke den, der blev leveret"), "schema": ("skemaet", "er ikke det, der blev leveret"),
}
"""How each kind is called, and that one was changed."""

_RIGHTS = """(
  SELECT coalesce(string_agg(concat_ws(' ', coalesce(g.rolname, 'PUBLIC'), a.privilege_type, a.is_grantable), ', '
                  ORDER BY g.rolname, a.privilege_type), '')
  FROM aclexplode({acl}) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee WHERE a.grantee <> {owner}
)"""
_DEFINITIONS = f"""
SELECT 'function' AS kind,
  n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name,
  concat_ws(E'\\n', o.rolname, l.lanname, p.prosrc, pg_get_function_sqlbody(p.oid), array_to_string(p.proconfig, ','),
    p.prosecdef, p.provolatile, p.proisstrict, pg_get_function_result(p.oid),
    {_RIGHTS.format(acl="coalesce(p.proacl, acldefault('f', p.proowner))", owner="p.proowner")}) AS definition
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_roles o ON o.oid = p.proowner JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE n.nspname = ANY ($1)
UNION ALL
SELECT 'table', n.nspname || '.' || c.relname,
  concat_ws(E'\\n', o.rolname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relhassubclass, c.relispartition,
    (SELECT string_agg(pg_get_ruledef(w.oid), E'\\n' ORDER BY w.rulename)
     FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid),
    (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated,
                                 pg_get_expr(d.adbin, d.adrelid)), E'\\n' ORDER BY a.attname)
     FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT string_agg(concat_ws(' ', k.conname, k.convalidated, pg_get_constraintdef(k.oid)), E'\\n'
                       ORDER BY k.conname)
     FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n'),
    (SELECT string_agg(concat_ws(' ', CASE WHEN NOT t.tgisinternal THEN pg_get_triggerdef(t.oid) END, t.tgenabled),
                       E'\\n' ORDER BY t.tgisinternal, t.tgname COLLATE "C", t.tgenabled)
     FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND (NOT t.tgisinternal OR t.tgenabled <> 'O')))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
WHERE n.nspname = ANY ($1) AND c.relkind NOT IN ('i', 'I', 'c', 't')
UNION ALL
SELECT 'policies', n.nspname || '.' || c.relname, coalesce(
  (SELECT string_agg(concat_ws(' ', p.polname, p.polcmd, p.polpermissive,
      (SELECT string_agg(g.rolname, ',' ORDER BY g.rolname) FROM pg_catalog.pg_roles g WHERE g.oid = ANY (p.polroles)),
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)), E'\\n' ORDER BY p.polname)
   FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid), '')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 'rights', n.nspname || '.' || c.relname, concat_ws(E'\\n', {_RIGHTS.format(acl="c.relacl", owner="c.relowner")},
  (SELECT string_agg(a.attname || ': ' || {_RIGHTS.format(acl="a.attacl", owner="c.relowner")}, E'\\n'
                     ORDER BY a.attname)
   FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 'schema', n.nspname, concat_ws(E'\\n', o.rolname, {_RIGHTS.format(acl="n.nspacl", owner="n.nspowner")})
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles o ON o.oid = n.nspowner WHERE n.nspname = ANY ($1)
UNION ALL
SELECT 'role', r.rolname, concat_ws(E'\\n', r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin,
  r.rolreplication, r.rolbypassrls,
  (SELECT string_agg(s, ', ' ORDER BY s) FROM unnest(r.rolconfig) s WHERE s !~ '^(log|[a-z_]*timeout)'),
  (SELECT string_agg(s, ', ' ORDER BY s) FROM pg_catalog.pg_db_role_setting d, unnest(d.setconfig) s
   WHERE d.setrole = r.oid AND d.setdatabase = (SELECT b.oid FROM pg_catalog.pg_database b
     WHERE b.datname = current_database())),
  (SELECT string_agg(concat_ws(' in ', member.rolname, held.rolname), ', ' ORDER BY member.rolname, held.rolname)
   FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles member ON member.oid = m.member
   JOIN pg_catalog.pg_roles held ON held.oid = m.roleid WHERE r.oid IN (m.member, m.roleid)))
FROM pg_catalog.pg_roles r WHERE r.rolname LIKE 'infohus\\_%'
ORDER BY 1, 2
"""  # noqa: S608 - of constants
"""Rights of a table's owner are left out: it has them all, and PostgreSQL 17 knows one more than 16."""
_SCHEMAS = ["audit", "infohus", "keys"]

Part = tuple[str, str]
"""What a part is, a key of `SAYS`, and its name."""


async def catalog_faults(connection: AnyConnection) -> list[Fault]:
    """List each function, table, right and role that is not as shipped, that is gone, or that was added."""
    found, shipped = await catalog_of(connection), _shipped()
    return [
        Fault(name, None, _difference((kind, name), found))
        for kind, name in sorted(found.keys() | shipped.keys())
        if found.get((kind, name)) != shipped.get((kind, name))
    ]


async def catalog_of(connection: AnyConnection) -> dict[Part, str]:
    """Give the SHA-256 of the definition of each part, hexadecimal."""
    rows = await connection.fetch(_DEFINITIONS, _SCHEMAS)
    return {(row["kind"], row["name"]): sha256(row["definition"].encode()).hexdigest() for row in rows}


def written(catalog: dict[Part, str]) -> str:
    """Write what there is as `SHIPPED_FILE` has it."""
    return "".join(f"{kind} {digest} {name}\n" for (kind, name), digest in sorted(catalog.items()))


@cache
def _shipped() -> dict[Part, str]:
    lines = (line.split(" ", 2) for line in SHIPPED_FILE.read_text(encoding="utf-8").splitlines())
    return {(kind, name): digest for kind, digest, name in lines}


def _difference(part: Part, found: dict[Part, str]) -> str:
    what, is_changed = SAYS[part[0]]
    if part not in found:
        return f"{what} er væk"
    return f"{what} {is_changed if part in _shipped() else 'er ikke leveret'}"
