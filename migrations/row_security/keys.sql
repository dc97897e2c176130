-- The schema `keys`: who acts, whose key rows those are, and the withdrawal of exchange keys.
--
-- Its own role reaches it, `infohus_keys`, which sees nothing else; `infohus_app` sees nothing of it. Nothing here reads
-- a table of another schema, because this one may move to a database of its own. So row security asks for the authority
-- alone; who takes part in a case is asked where the case is.

CREATE FUNCTION keys.act_as(authority text, person uuid, role text, at timestamptz) RETURNS boolean
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    PERFORM set_config('keys.authority', authority, true), set_config('keys.person', person::text, true),
      set_config('keys.role', role, true), set_config('keys.now', at::text, true);
    RETURN true;
  END
  $$;

CREATE FUNCTION keys.caller_authority() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('keys.authority', true), '') $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA keys FROM PUBLIC;
GRANT USAGE ON SCHEMA keys TO infohus_keys;
GRANT EXECUTE ON FUNCTION keys.act_as(text, uuid, text, timestamptz), keys.caller_authority() TO infohus_keys;

-- A side's secret is its own authority's, from its making to its end. No UPDATE: the first that its keeper unwraps counts.
ALTER TABLE keys.side_secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON keys.side_secret TO infohus_keys;
CREATE POLICY select_side_secret ON keys.side_secret FOR SELECT TO infohus_keys
  USING (authority_id = keys.caller_authority());
CREATE POLICY insert_side_secret ON keys.side_secret FOR INSERT TO infohus_keys
  WITH CHECK (authority_id = keys.caller_authority());

-- Everybody seals to the public half of an intake key; the other is its own authority's. Both are made by a command,
-- together with what the logs say of it.
ALTER TABLE keys.intake_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT ON keys.intake_key TO infohus_keys;
CREATE POLICY select_intake_key ON keys.intake_key FOR SELECT TO infohus_keys, infohus_owner
  USING (keys.caller_authority() IS NOT NULL);
-- Making one is logged. One that is gone would let an older one count again, so these rows are compared with the logs.
CREATE POLICY insert_intake_key ON keys.intake_key FOR INSERT TO infohus_owner
  WITH CHECK (authority_id = keys.caller_authority());

ALTER TABLE keys.intake_secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT ON keys.intake_secret TO infohus_keys;
CREATE POLICY select_intake_secret ON keys.intake_secret FOR SELECT TO infohus_keys, infohus_owner
  USING (authority_id = keys.caller_authority());
CREATE POLICY insert_intake_secret ON keys.intake_secret FOR INSERT TO infohus_owner
  WITH CHECK (authority_id = keys.caller_authority());

-- The discloser inserts an exchange key and sees none afterwards, so it does not learn whether it was taken in. The
-- recipient sees it and takes it in; nobody else sees it.
ALTER TABLE keys.exchange_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (sealed, taken_in, revision) ON keys.exchange_key TO infohus_keys;
CREATE POLICY select_exchange_key ON keys.exchange_key FOR SELECT TO infohus_keys
  USING (recipient_id = keys.caller_authority());
CREATE POLICY insert_exchange_key ON keys.exchange_key FOR INSERT TO infohus_keys
  WITH CHECK (
    discloser_id = keys.caller_authority() AND recipient_id <> keys.caller_authority() AND taken_in IS NULL
  );
CREATE POLICY update_exchange_key ON keys.exchange_key FOR UPDATE TO infohus_keys
  USING (recipient_id = keys.caller_authority());

ALTER TABLE keys.kept_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON keys.kept_key TO infohus_keys;
CREATE POLICY select_kept_key ON keys.kept_key FOR SELECT TO infohus_keys
  USING (authority_id = keys.caller_authority());
CREATE POLICY insert_kept_key ON keys.kept_key FOR INSERT TO infohus_keys
  WITH CHECK (authority_id = keys.caller_authority());

-- Deletes keys that an exchange of the caller's gave a recipient, taken in or not, and all that rest on them further on
-- (rule 16). It says nothing of what it found: whoever withdraws learns neither whether the recipient had taken them in
-- nor whether it had passed anything on.
CREATE FUNCTION keys.withdraw(of_exchange uuid, recipient text, numbers integer[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    WITH RECURSIVE falling AS (
      SELECT k.exchange_id, k.recipient_id, k.number FROM keys.exchange_key k
      WHERE k.exchange_id = of_exchange AND k.recipient_id = recipient AND k.number = ANY (numbers)
        AND k.discloser_id = keys.caller_authority()
      UNION
      SELECT o.exchange_id, o.recipient_id, o.number FROM falling f
      JOIN keys.exchange_key o ON o.rests_on = f.exchange_id AND o.rests_on_number = f.number
        AND o.discloser_id = f.recipient_id
    )
    DELETE FROM keys.exchange_key k USING falling f
    WHERE k.exchange_id = f.exchange_id AND k.recipient_id = f.recipient_id AND k.number = f.number;
  END
  $$;
REVOKE EXECUTE ON FUNCTION keys.withdraw(uuid, text, integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keys.withdraw(uuid, text, integer[]) TO infohus_keys;

-- It runs as the owner, whom forced row security binds too.
CREATE POLICY withdrawing_select ON keys.exchange_key FOR SELECT TO infohus_owner
  USING (keys.caller_authority() IS NOT NULL);
CREATE POLICY withdrawing_delete ON keys.exchange_key FOR DELETE TO infohus_owner
  USING (keys.caller_authority() IS NOT NULL);

-- The reconciler compares every row with the logs, and reads of each wrapped or sealed key the digest alone.
GRANT USAGE ON SCHEMA keys TO infohus_reconciler;
DO $$
DECLARE
    readable record;
BEGIN
    FOR readable IN
        SELECT c.relname AS name, string_agg(quote_ident(a.attname), ', ') AS columns
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'keys'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attname NOT IN ('wrapped_key', 'wrapped_seed', 'sealed', 'taken_in')
        GROUP BY c.relname
    LOOP
        EXECUTE format('GRANT SELECT (%s) ON keys.%I TO infohus_reconciler', readable.columns, readable.name);
    END LOOP;
END
$$;
