"""Are functions, tables, rights and roles the ones we shipped? A superuser can replace any of them.

Another policy hides rows, another function answers what is not so, another right opens what was closed: no row differs
then. Nor does one where PostgreSQL's own functions are others, or something works beside ours: that shall be as in a
new cluster, and no other schema holds anything. A change that was undone is not seen here; what it did shows in the
rows, or as a missing entry.
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
    "type": ("typen", "er ikke den, der blev leveret"), "operator": ("operatoren", "er ikke den, der blev leveret"),
    "builtin": ("en del af PostgreSQL selv", "er ikke den, der blev leveret"),
    "cast": ("omdannelsen af typer", "er ikke den, der blev leveret"),
    "event_trigger": ("hændelsesudløseren", "er ikke den, der blev leveret"),
    "publication": ("udgivelsen af rækker til en anden server", "er ikke den, der blev leveret"),
    "subscription": ("abonnementet på en anden servers rækker", "er ikke det, der blev leveret"),
    "setting": ("indstillingen for alle roller", "er ikke den, der blev leveret"),
    "default_rights": ("rettighederne til det, der laves senere,", "er ikke dem, der blev leveret"),
    "overseer": ("rollen, for hvem ingen regler gælder,", "er ikke den, der blev leveret"),
}
"""How each kind is called, and that one was changed."""
_NOT_SHIPPED = {"builtin": "er ændret eller lagt til"}
"""What is said of one that was not shipped, where that is not simply said."""

_CHANGED_SINCE = """(
  {row}.xmin::text::bigint > least(2000,
    (SELECT g.xmin::text::bigint FROM pg_catalog.pg_language g WHERE g.lanname = 'plpgsql'))
)"""
"""Whether a row of PostgreSQL's own catalogs was written after the cluster was made; every change writes it anew.

`plpgsql` is the last that a new cluster makes; if somebody wrote that anew, no new cluster uses 2,000 transactions.
"""
_OWN = "('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
_BESIDE = "n.nspname <> ALL ($1) AND n.nspname !~ '^(pg_|information_schema$)'"
"""A schema that is neither ours nor PostgreSQL's: `public`, or one that was made. Nothing of ours stands there."""
_ORDERING = ("pg_amop", "pg_amproc", "pg_opclass", "pg_opfamily", "pg_am", "pg_language")
"""How PostgreSQL compares, sorts, indexes and calls: another operator in a class answers otherwise on the same rows."""
_RIGHTS = """(
  SELECT coalesce(string_agg(concat_ws(' ', coalesce(g.rolname, 'PUBLIC'), a.privilege_type, a.is_grantable), ', '
                  ORDER BY g.rolname, a.privilege_type), '')
  FROM aclexplode({acl}) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee WHERE a.grantee <> {owner}
)"""
_CHANGED_ORDERING = "\nUNION ALL\n".join(
    "SELECT 'builtin', o.type || ' ' || o.identity, ''"  # noqa: S608 - of constants
    f" FROM pg_catalog.{catalog} r, pg_catalog.pg_identify_object(r.tableoid, r.oid, 0) o"
    f" WHERE {_CHANGED_SINCE.format(row='r')}"
    for catalog in _ORDERING
)
_DEFINITIONS = f"""
SELECT CASE WHEN n.oid IN {_OWN} THEN 'builtin' ELSE 'function' END AS kind,
  n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name,
  concat_ws(E'\\n', CASE WHEN o.oid <> 10 THEN o.rolname END, l.lanname, p.prosrc, pg_get_function_sqlbody(p.oid),
    array_to_string(p.proconfig, ','), p.prosecdef, p.provolatile, p.proisstrict, pg_get_function_result(p.oid),
    {_RIGHTS.format(acl="coalesce(p.proacl, acldefault('f', p.proowner))", owner="p.proowner")}) AS definition
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_roles o ON o.oid = p.proowner JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE n.nspname = ANY ($1) OR {_BESIDE} OR n.oid IN {_OWN} AND {_CHANGED_SINCE.format(row="p")}
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
WHERE (n.nspname = ANY ($1) OR {_BESIDE}) AND c.relkind NOT IN ('i', 'I', 'c', 't')
UNION ALL
SELECT 'type', t.oid::regtype::text, '' FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE {_BESIDE} AND t.typcategory <> 'A' AND coalesce(c.relkind, 'c') = 'c'
UNION ALL
SELECT 'operator', w.oid::regoperator::text, '' FROM pg_catalog.pg_operator w WHERE w.oprnamespace NOT IN {_OWN}
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
UNION ALL
SELECT 'overseer', r.rolname, '' FROM pg_catalog.pg_roles r
WHERE (r.rolsuper OR r.rolbypassrls) AND r.oid <> 10 AND r.rolname NOT LIKE 'infohus\\_%'
UNION ALL
SELECT 'builtin', w.oid::regoperator::text, '' FROM pg_catalog.pg_operator w
WHERE w.oprnamespace IN {_OWN} AND {_CHANGED_SINCE.format(row="w")}
UNION ALL
SELECT 'builtin', t.oid::regtype::text, '' FROM pg_catalog.pg_type t
WHERE t.typnamespace IN {_OWN} AND {_CHANGED_SINCE.format(row="t")}
UNION ALL
SELECT DISTINCT 'builtin', a.aggfnoid::regprocedure::text, '' FROM pg_catalog.pg_aggregate a
JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid WHERE p.pronamespace IN {_OWN} AND {_CHANGED_SINCE.format(row="a")}
UNION ALL
{_CHANGED_ORDERING}
UNION ALL
SELECT DISTINCT 'builtin', w.ev_class::regclass::text, '' FROM pg_catalog.pg_rewrite w
JOIN pg_catalog.pg_class c ON c.oid = w.ev_class WHERE c.relnamespace IN {_OWN} AND {_CHANGED_SINCE.format(row="w")}
UNION ALL
SELECT 'cast', concat_ws(' ', c.castsource::regtype, c.casttarget::regtype), '' FROM pg_catalog.pg_cast c
WHERE {_CHANGED_SINCE.format(row="c")}
UNION ALL
SELECT 'event_trigger', e.evtname, '' FROM pg_catalog.pg_event_trigger e
UNION ALL
SELECT 'publication', p.pubname, '' FROM pg_catalog.pg_publication p
UNION ALL
SELECT 'subscription', s.subname, '' FROM pg_catalog.pg_subscription s
WHERE s.subdbid = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = current_database())
UNION ALL
SELECT 'setting', s, '' FROM pg_catalog.pg_db_role_setting d, unnest(d.setconfig) s
WHERE d.setrole = 0 AND s !~ '^(log|[a-z_]*timeout)' AND d.setdatabase IN (0, (SELECT b.oid
  FROM pg_catalog.pg_database b WHERE b.datname = current_database()))
UNION ALL
SELECT 'default_rights',
  concat_ws(' ', d.defaclrole::regrole, nullif(d.defaclnamespace, 0)::regnamespace, d.defaclobjtype), ''
FROM pg_catalog.pg_default_acl d
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
    return f"{what} {is_changed if part in _shipped() else _NOT_SHIPPED.get(part[0], 'er ikke leveret')}"
