-- What concerns every table alike, so it is run last: counting revisions, and comparing rows with the logs.

-- Whoever may change a row of a table with revisions counts that: the log names each revision with the row's digest.
DO $$
DECLARE
    changing text;
BEGIN
    FOR changing IN
        SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'infohus'::regnamespace AND c.relkind = 'r' AND a.attname = 'revision'
          AND has_any_column_privilege('infohus_app', c.oid, 'UPDATE')
    LOOP
        EXECUTE format('GRANT UPDATE (revision) ON infohus.%I TO infohus_app', changing);
        EXECUTE format(
            'CREATE TRIGGER counts_revisions BEFORE UPDATE OF revision ON infohus.%I FOR EACH ROW '
            'WHEN (current_user = ''infohus_app'') EXECUTE FUNCTION infohus.is_counted(''revision'')', changing
        );
    END LOOP;
END
$$;

-- The reconciler reads every row and no wrapped key. Row security does not bind it (deploy/postgresql/roles.sql).
GRANT USAGE ON SCHEMA infohus TO infohus_reconciler;
DO $$
DECLARE
    readable record;
BEGIN
    FOR readable IN
        SELECT c.relname AS name, string_agg(quote_ident(a.attname), ', ') AS columns
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'infohus'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attname NOT IN ('wrapped_key', 'answers_key')
        GROUP BY c.relname
    LOOP
        EXECUTE format('GRANT SELECT (%s) ON infohus.%I TO infohus_reconciler', readable.columns, readable.name);
    END LOOP;
END
$$;
