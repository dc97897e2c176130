"""Functions, tables, rights and roles are compared with the shipped ones, by whoever verifies a log or the rows."""

import pytest
from click.testing import CliRunner

from conftest import Database, execute
from infohus.cli.commands import main
from infohus.kernel.audit.verification.catalog import SHIPPED_FILE, catalog_faults, catalog_of, written
from town import Town

CHANGED: dict[str, str] = {
    "ALTER TABLE audit.leaf DISABLE TRIGGER leaf_is_never_changed": "audit.leaf: tabellen er ikke den",
    "ALTER TABLE audit.leaf DISABLE TRIGGER ALL": "audit.leaf: tabellen er ikke den",
    "ALTER TABLE infohus.note DISABLE TRIGGER ALL": "infohus.note: tabellen er ikke den",
    "DROP TRIGGER log_is_never_changed ON audit.log": "audit.log: tabellen er ikke den",
    "DROP FUNCTION audit.open_log": "new_origin text, of_authority text): funktionen er væk",
    """CREATE OR REPLACE FUNCTION audit.append(to_log uuid, VARIADIC new_entries bytea[]) RETURNS bigint
       LANGUAGE sql AS 'SELECT 1::bigint'""": "to_log uuid, VARIADIC new_entries bytea[]): funktionen er ikke den",
    "ALTER FUNCTION audit.append(uuid, bytea[]) SECURITY INVOKER": "bytea[]): funktionen er ikke den",
    "ALTER FUNCTION audit.append(uuid, bytea[]) SET search_path = public": "bytea[]): funktionen er ikke den",
    "GRANT EXECUTE ON FUNCTION keys.withdraw(uuid, text, integer[]) TO infohus_app": "[]): funktionen er ikke den",
    "CREATE FUNCTION audit.append(text, bytea) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'": "er ikke leveret",
    """CREATE TRIGGER quiet BEFORE UPDATE ON audit.leaf FOR EACH ROW
       EXECUTE FUNCTION suppress_redundant_updates_trigger()""": "audit.leaf: tabellen er ikke den",
    "ALTER TABLE audit.leaf DISABLE ROW LEVEL SECURITY": "audit.leaf: tabellen er ikke den",
    "ALTER TABLE infohus.note NO FORCE ROW LEVEL SECURITY": "infohus.note: tabellen er ikke den",
    "ALTER TABLE keys.exchange_key DROP CONSTRAINT ck_exchange_key_number_counts": "exchange_key: tabellen er ikke",
    "ALTER TABLE keys.side_secret ALTER key_digest DROP EXPRESSION": "keys.side_secret: tabellen er ikke den",
    "CREATE RULE quiet AS ON UPDATE TO infohus.note DO INSTEAD NOTHING": "infohus.note: tabellen er ikke den",
    "CREATE VIEW infohus.peek AS SELECT 1 AS one": "infohus.peek: tabellen er ikke leveret",
    "ALTER POLICY select_leaf ON audit.leaf USING (true)": "audit.leaf: reglerne for, hvem",
    "CREATE POLICY hiding ON audit.leaf AS RESTRICTIVE USING (index < 1)": "audit.leaf: reglerne for, hvem",
    "CREATE POLICY hiding ON infohus.note AS RESTRICTIVE USING (false)": "infohus.note: reglerne for, hvem",
    "CREATE POLICY all_of_it ON keys.side_secret TO infohus_app USING (true)": "keys.side_secret: reglerne for",
    "DROP POLICY select_all_logs ON audit.log": "audit.log: reglerne for, hvem der ser hvad",
    """CREATE OR REPLACE FUNCTION infohus.rests_on_what_stands(of_exchange uuid, of_record uuid, recipient text)
       RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'""": "recipient text): funktionen er ikke den",
    "GRANT DELETE ON infohus.note TO infohus_app": "infohus.note: rettighederne til tabellen er ikke",
    "GRANT UPDATE (signature) ON keys.exchange_key TO infohus_keys": "keys.exchange_key: rettighederne til tabellen",
    "GRANT USAGE ON SCHEMA keys TO infohus_app": "keys: skemaet er ikke det",
    "ALTER SCHEMA infohus OWNER TO infohus_app": "infohus: skemaet er ikke det",
    "ALTER ROLE infohus_app BYPASSRLS": "infohus_app: rollen er ikke den",
    "ALTER ROLE infohus_reconciler NOBYPASSRLS": "infohus_reconciler: rollen er ikke den",
    "ALTER ROLE infohus_app SET search_path = public": "infohus_app: rollen er ikke den",
    "GRANT pg_write_all_data TO infohus_verifier": "infohus_verifier: rollen er ikke den",
    "CREATE ROLE infohus_extra": "infohus_extra: rollen er ikke leveret",
    "CREATE FUNCTION pg_catalog.num_nulls(text, text, text) RETURNS int LANGUAGE sql AS 'SELECT 3'":
        "num_nulls(text, text, text): en del af PostgreSQL selv er ændret eller lagt til",
    """CREATE FUNCTION public.same(text, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true';
       CREATE OPERATOR pg_catalog.= (LEFTARG = text, RIGHTARG = uuid, FUNCTION = public.same)""":
        "=(text,uuid): en del af PostgreSQL selv er ændret",
    "UPDATE pg_proc SET prosecdef = true WHERE proname = 'now'": "now(): en del af PostgreSQL selv er ændret",
    "UPDATE pg_proc SET prosrc = 'pg_num_nonnulls' WHERE proname = 'num_nulls'": 'num_nulls(VARIADIC "any"): en del',
    "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO infohus_app": "pg_catalog.pg_read_file(text): en del af",
    "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO infohus_keys": "pg_advisory_lock(bigint): en del af",
    "UPDATE pg_operator SET oprcode = 'texteq' WHERE oid = '<>(text,text)'::regoperator": "<>(text,text): en del af",
    "CREATE RULE one AS ON INSERT TO information_schema.sql_features DO ALSO NOTHING": "sql_features: en del af",
    """CREATE FUNCTION public.as_uuid(text) RETURNS uuid LANGUAGE sql IMMUTABLE AS 'SELECT gen_random_uuid()';
       CREATE CAST (text AS uuid) WITH FUNCTION public.as_uuid(text) AS IMPLICIT""":
        "text uuid: omdannelsen af typer er ikke leveret",
    """CREATE FUNCTION public.ended() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
       CREATE EVENT TRIGGER quiet ON ddl_command_end EXECUTE FUNCTION public.ended()""":
        "quiet: hændelsesudløseren er ikke leveret",
    "CREATE PUBLICATION all_of_it FOR ALL TABLES": "all_of_it: udgivelsen af rækker til en anden server er ikke",
    "CREATE SUBSCRIPTION other CONNECTION 'host=other' PUBLICATION all_of_it WITH (connect = false)":
        "other: abonnementet på en anden servers rækker er ikke leveret",
    "CREATE FUNCTION public.same(text, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'":
        "public.same(text, uuid): funktionen er ikke leveret",
    "CREATE TABLE public.leaf ()": "public.leaf: tabellen er ikke leveret",
    "CREATE SCHEMA audit2; CREATE VIEW audit2.leaf AS SELECT FROM audit.leaf": "audit2.leaf: tabellen er ikke leveret",
    "CREATE DOMAIN public.uuid AS text": "public.uuid: typen er ikke leveret",
    "CREATE OPERATOR infohus.<< (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)":
        "infohus.<<(text,text): operatoren er ikke leveret",
    "UPDATE pg_amop SET amopopr = '<>(uuid,uuid)'::regoperator WHERE amopopr = '=(uuid,uuid)'::regoperator":
        "operator 3 (pg_catalog.uuid, pg_catalog.uuid) of pg_catalog.uuid_ops USING btree: en del",
    "UPDATE pg_amproc SET amproc = 'uuid_hash' WHERE amproc::oid = 'uuid_cmp(uuid,uuid)'::regprocedure":
        "function 1 (pg_catalog.uuid, pg_catalog.uuid) of pg_catalog.uuid_ops USING btree: en del",
    "UPDATE pg_opclass SET opcdefault = false WHERE opcname = 'uuid_ops'": "pg_catalog.uuid_ops USING btree: en del af",
    "UPDATE pg_aggregate SET agginitval = '1' WHERE aggfnoid = 'count()'::regprocedure": "count(): en del af",
    "UPDATE pg_language SET lanpltrusted = true WHERE lanname = 'c'": "language c: en del af PostgreSQL selv er ændret",
    "ALTER ROLE ALL SET row_security = off": "row_security=off: indstillingen for alle roller er ikke leveret",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA infohus GRANT SELECT ON TABLES TO PUBLIC": "infohus r: rettighederne til det",
    "CREATE ROLE another SUPERUSER": "another: rollen, for hvem ingen regler gælder, er ikke leveret",
    "CREATE ROLE sees_all BYPASSRLS": "sees_all: rollen, for hvem ingen regler gælder, er ikke leveret",
}
"""What a superuser changed, and what then is said."""


class WhenNothingWasTouched:
    async def test_all_of_it_is_what_is_written_down(self, town: Town) -> None:
        found = written(await catalog_of(town.superuser))
        assert found == SHIPPED_FILE.read_text(encoding="utf-8"), "after a change of migrations/: make catalog"
        assert await catalog_faults(town.superuser) == []


class WhenASuperuserChangedIt:
    @pytest.mark.rule(58)
    @pytest.mark.rule(45)
    async def test_what_is_not_as_shipped_is_named(self, town: Town) -> None:
        for statement, says in CHANGED.items():
            transaction = town.superuser.transaction()
            await transaction.start()
            try:
                await town.superuser.execute(statement)
                named = " | ".join(map(str, await catalog_faults(town.superuser)))
            finally:
                await transaction.rollback()
            assert says in named, statement
        assert await catalog_faults(town.superuser) == []

    @pytest.mark.rule(58)
    def test_whoever_compares_rows_is_told(self, database: Database) -> None:
        execute(database.dsn("superuser"), "CREATE POLICY hiding ON infohus.note AS RESTRICTIVE USING (false)")
        ended = CliRunner().invoke(
            main, ["audit", "verify", "--rows", "--reconciler-database", database.dsn("reconciler")]
        )
        assert ended.exit_code == 1
        assert "FEJL  infohus.note: reglerne for, hvem der ser hvad, er ikke dem, der blev leveret" in ended.output
