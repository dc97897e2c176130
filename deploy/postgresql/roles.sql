-- The seven roles of an installation and what they may do with its database.
--
-- Run by a superuser, connected to the installation's database, as often as you like: it ends in the same state.
--   infohus_owner     owns the schemas and runs the migrations; nobody signs in with it between two releases
--   infohus_app       the application: reads and writes rows that row security shows it, appends to the logs
--   infohus_keys      the application, for the schema of keys: sees that of the authority it acts for, and nothing else
--   infohus_signer    signs the logs: reads every log, and keeps checkpoints and cosignatures
--   infohus_verifier  reads the audit logs and nothing else
--   infohus_retention empties what is old enough in the audit log, which the log then says, and nothing else
--   infohus_reconciler compares every row with the logs: reads all rows, texts sealed, and no key, and nothing else
-- Passwords are set apart from this file, by the installer: ALTER ROLE … PASSWORD or \password.
-- What each role may do with a table is granted by the migration that makes the table.

DO $$
DECLARE
    wanted text;
    held text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['infohus_owner', 'infohus_app', 'infohus_keys', 'infohus_signer', 'infohus_verifier', 'infohus_retention', 'infohus_reconciler'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I', wanted);
        END IF;
        -- Attributes that somebody added since are taken away again.
        EXECUTE format(
            'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION %s', wanted,
            -- Whoever compares rows with the logs must see all of them, and may see nothing but ciphertext in them.
            CASE wanted WHEN 'infohus_reconciler' THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END);
    END LOOP;

    -- A membership would let a role do what this file does not say, for instance pg_write_all_data.
    SELECT string_agg(format('%s in %s', member.rolname, granted.rolname), ', ') INTO held
    FROM pg_catalog.pg_auth_members m
    JOIN pg_catalog.pg_roles member ON member.oid = m.member
    JOIN pg_catalog.pg_roles granted ON granted.oid = m.roleid
    WHERE member.rolname IN
      ('infohus_owner', 'infohus_app', 'infohus_keys', 'infohus_signer', 'infohus_verifier', 'infohus_retention', 'infohus_reconciler');
    IF held IS NOT NULL THEN
        RAISE EXCEPTION 'these roles must be members of no other role: %', held;
    END IF;
END
$$;

-- Names are always written with their schema, so no object in another schema can take a table's or function's place.
ALTER ROLE infohus_owner SET search_path = pg_catalog;
ALTER ROLE infohus_app SET search_path = pg_catalog;
ALTER ROLE infohus_keys SET search_path = pg_catalog;
ALTER ROLE infohus_signer SET search_path = pg_catalog;
ALTER ROLE infohus_verifier SET search_path = pg_catalog;
ALTER ROLE infohus_retention SET search_path = pg_catalog;
ALTER ROLE infohus_reconciler SET search_path = pg_catalog;

-- A unit of work lasts milliseconds; one that hangs must not hold its case or the log.
ALTER ROLE infohus_app SET statement_timeout = '15s';
ALTER ROLE infohus_app SET lock_timeout = '5s';
ALTER ROLE infohus_app SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE infohus_keys SET statement_timeout = '15s';
ALTER ROLE infohus_keys SET lock_timeout = '5s';
ALTER ROLE infohus_keys SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE infohus_signer SET statement_timeout = '60s';
ALTER ROLE infohus_signer SET lock_timeout = '5s';
ALTER ROLE infohus_signer SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE infohus_owner SET lock_timeout = '5s';
ALTER ROLE infohus_owner SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE infohus_verifier SET statement_timeout = '10min';
ALTER ROLE infohus_verifier SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE infohus_verifier SET default_transaction_read_only = on;
ALTER ROLE infohus_reconciler SET statement_timeout = '10min';
ALTER ROLE infohus_reconciler SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE infohus_reconciler SET default_transaction_read_only = on;
ALTER ROLE infohus_retention SET statement_timeout = '10min';
ALTER ROLE infohus_retention SET lock_timeout = '5s';
ALTER ROLE infohus_retention SET idle_in_transaction_session_timeout = '10s';

-- The server's own log repeats no statement, parameter or key of a row: they may hold personal data.
ALTER ROLE infohus_app SET log_statement = 'none';
ALTER ROLE infohus_app SET log_min_duration_statement = -1;
ALTER ROLE infohus_app SET log_min_error_statement = 'panic';
ALTER ROLE infohus_app SET log_error_verbosity = 'terse';
ALTER ROLE infohus_app SET log_parameter_max_length = 0;
ALTER ROLE infohus_app SET log_parameter_max_length_on_error = 0;
ALTER ROLE infohus_keys SET log_statement = 'none';
ALTER ROLE infohus_keys SET log_min_duration_statement = -1;
ALTER ROLE infohus_keys SET log_min_error_statement = 'panic';
ALTER ROLE infohus_keys SET log_error_verbosity = 'terse';
ALTER ROLE infohus_keys SET log_parameter_max_length = 0;
ALTER ROLE infohus_keys SET log_parameter_max_length_on_error = 0;
ALTER ROLE infohus_owner SET log_min_error_statement = 'panic';
ALTER ROLE infohus_owner SET log_error_verbosity = 'terse';

-- The database is for these seven alone, and only the owner makes anything in it.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, infohus_app, infohus_keys, infohus_signer, infohus_verifier, infohus_retention, infohus_reconciler',
        current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO infohus_owner, infohus_app, infohus_keys, infohus_signer, infohus_verifier, infohus_retention, infohus_reconciler',
        current_database());
    EXECUTE format('GRANT CREATE ON DATABASE %I TO infohus_owner', current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- Every act waits on advisory locks: appending on its log's, a unit of work on its case's (audit.append, kernel/unit_of_work/advisory_locks.py).
-- PostgreSQL lets every role take any of them, so whoever may only read could hold one and stop all work. They are for
-- the application and for the owner, as whom audit.append runs and who migrates; nobody else takes, tries or frees any.
-- A privilege on pg_catalog belongs to one database. CREATE DATABASE … TEMPLATE copies it; pg_dump writes it, when it is
-- not the server's own, and pg_restore grants it again: as a superuser, with these roles there, as deploy/README.md does.
-- A dump without privileges loses it. The application does not open without it: then run this file again.
DO $$
DECLARE
    function regprocedure;
BEGIN
    FOR function IN
        SELECT p.oid FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^pg_(try_)?advisory_'
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, infohus_keys, infohus_signer, infohus_verifier, infohus_retention, infohus_reconciler', function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO infohus_owner, infohus_app', function);
    END LOOP;
END
$$;

-- Large objects belong to whoever makes them and are in no table: no role needs one, and a role that only reads could
-- fill the disk with them, for it may set its own transactions to write.
DO $$
DECLARE
    function regprocedure;
BEGIN
    FOR function IN
        SELECT p.oid FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^(lo_|loread$|lowrite$)'
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
    END LOOP;
END
$$;
