"""Are the log's functions, triggers and tables the ones we shipped? A superuser can replace or disable them.

A change that was undone is not seen here; what it did shows in the rows, or as a missing entry (`AcknowledgedEntries`).
"""

from hashlib import sha256

from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.exported_log import Fault

SHIPPED = {
    "acting_authority": "60652a4ed83ed438fc58ccde08d9292e968bcfdb4d268ecefda173301432b1fb",
    "append": "750c068625ff6b144d05f540c60110fdd0bccb45e33a1c52f7f186b173329968",
    "emptiable": "b2836361011607aee28de1f01f1c147b412785e03c0ba7870caa8b234a0c6ba3",
    "empty": "eac4699f1698814df1dbf05e5145322ecce2a0110210569687827c949aaa89f4",
    "keep_checkpoint": "9261c5e9366f89e6ce1d5cf11a0544ec9c0e7af14b0fe0f58892db4ed5417ea0",
    "keep_cosignature": "8efca32dd4233addf00812aa43cb21068e437de9e358a30782412c0c4067e509",
    "kept_since": "c3836c1d05f86d0b9f4f3adc5c465e8bc30ad9309742733f166a17878d2bfbd4",
    "let_only_empty": "18db1a3e05e1ff094b232cf7c773b0a7a23f866e8e0f0274a6b3651de618e343",
    "moment_of": "d25cd348812acdd75e987ffea1db3dbb72744e162f119253e6621ef4fa3073c7",
    "open_log": "c6f1654e27be670b1ff76183ec8afc1fb40c56dd81db558adbeb02bf13d05d6a",
    "readable_logs": "6ff29f5d72a572946708430033ad5dad35f58b8f7e9dffd81865a63cc754cee4",
    "refuse_change": "05488db5a64efb1586e8fd4101aca43fddf3f947eb0452c88bfafbdec4074d1e",
}
"""SHA-256 of each function's body, settings and SECURITY DEFINER flag, hexadecimal; a test compares the migrations."""

TRIGGERS = {
    "checkpoint_is_never_changed", "cosignature_is_never_changed", "frontier_is_never_deleted", "leaf_is_never_changed",
    "leaf_is_only_emptied", "log_is_never_changed", "tally_is_never_deleted",
}

POLICIES_DIGEST = "3f6db02190d0dadf5211b64bae9ee04349be81161e8af6d7a754eda94bf3b8c0"
"""SHA-256 of every row security policy of these tables as text, hexadecimal; a test compares the migrations."""

TABLES = {"checkpoint", "cosignature", "frontier", "leaf", "log", "retention", "tally"}

_FUNCTIONS = """
SELECT p.proname AS name, p.prosrc || coalesce(array_to_string(p.proconfig, ','), '') || p.prosecdef AS definition
FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'audit'::regnamespace ORDER BY p.proname, p.oid
"""
_TRIGGERS = """
SELECT t.tgname AS name, t.tgenabled = 'O' AS is_on, p.proname AS calls
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = 'audit'::regnamespace AND NOT t.tgisinternal
"""
_TABLES = """
SELECT c.relname AS name,
       c.relkind = 'r' AND c.relrowsecurity AND NOT c.relforcerowsecurity
         AND NOT c.relhassubclass AND NOT c.relispartition
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid) AS is_plain
FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'audit'::regnamespace AND c.relkind NOT IN ('i', 'I', 'c')
"""
"""A table with a rule, or a view in its place, can hide rows from a verifier or show others."""
POLICIES = """
SELECT coalesce(string_agg(
  concat_ws(' ', c.relname, p.polname, p.polcmd, p.polpermissive, r.roles, pg_get_expr(p.polqual, p.polrelid),
            pg_get_expr(p.polwithcheck, p.polrelid)), E'\n' ORDER BY c.relname, p.polname), '') AS policies
FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid,
  LATERAL (SELECT string_agg(g.rolname, ',' ORDER BY g.rolname) AS roles
           FROM pg_catalog.pg_roles g WHERE g.oid = ANY (p.polroles)) r
WHERE c.relnamespace = 'audit'::regnamespace
"""
"""Who sees which rows: another policy can hide rows from a verifier, or show an authority those of others."""


async def catalog_faults(connection: AnyConnection) -> list[Fault]:
    """List what is not as shipped.

    That is a function that was changed, added or removed, a trigger that is off, missing or added, and a table that is
    missing, added, no plain table, or has a rule, and policies that are not those we shipped.
    """
    faults = []
    functions = [(row["name"], digest_of(row["definition"])) for row in await connection.fetch(_FUNCTIONS)]
    for name, digest in functions:
        if SHIPPED.get(name) != digest or [other for other, _ in functions].count(name) > 1:
            faults.append(Fault(f"audit.{name}", None, "funktionen er ikke den, der blev leveret"))
    missing = sorted(set(SHIPPED) - {name for name, _ in functions})
    faults.extend(Fault(f"audit.{name}", None, "funktionen er væk") for name in missing)
    triggers = await connection.fetch(_TRIGGERS)
    enabled = {row["name"] for row in triggers if row["is_on"] and row["calls"] in {"refuse_change", "let_only_empty"}}
    faults.extend(
        Fault("audit", None, f"udløseren {name} er slået fra eller væk") for name in sorted(TRIGGERS - enabled)
    )
    faults.extend(
        Fault("audit", None, f"udløseren {row['name']} er ikke leveret") for row in triggers
        if row["name"] not in TRIGGERS
    )
    policies = await connection.fetchval(POLICIES)
    if digest_of(policies) != POLICIES_DIGEST:
        faults.append(Fault("audit", None, "reglerne for, hvem der ser hvad i loggen, er ikke dem, der blev leveret"))
    tables = await connection.fetch(_TABLES)
    plain = {row["name"] for row in tables if row["is_plain"]}
    faults.extend(
        Fault(f"audit.{name}", None, "tabellen er ikke den, der blev leveret, eller viser ikke alt")
        for name in sorted(TABLES.symmetric_difference(plain) | ({row["name"] for row in tables} - plain))
    )
    return faults


def digest_of(definition: str) -> str:
    """Give the SHA-256 of a definition, hexadecimal."""
    return sha256(definition.encode()).hexdigest()
