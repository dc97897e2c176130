-- Names of those who acted, sealed (rule 60), and the functions that withdraw what an exchange disclosed, end the
-- idempotency keys of old acts, and find what an attempt is logged with.

ALTER TABLE infohus.actor ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.actor TO infohus_app;
-- A person sees their own rows, the authority's DPO all rows of the authority.
CREATE POLICY select_actor ON infohus.actor FOR SELECT TO infohus_app
  USING (
    authority_id = infohus.caller_authority()
    AND (person_id = infohus.caller_person() OR infohus.caller_role() = 'data_protection_officer')
  );
CREATE POLICY insert_actor ON infohus.actor FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND person_id = infohus.caller_person());

-- Withdrawing.
--
-- The recipient's wrapped keys are the recipient's rows. Only this function deletes them, and only for the authority
-- that recorded the exchange. What another exchange that stands gave the recipient stays, and so do the kinds in `but`:
-- whatever else an exchange may tell is withdrawn without being named. Gives the ids of the records that it withdrew, each
-- with the key rows that it deleted, without the wrapped key; `part` is NULL where there was none.
CREATE FUNCTION infohus.withdraw(of_exchange uuid, recipient text, but text[])
  RETURNS TABLE (
    record_id uuid, part text, number integer, record_version integer, owner_id text, case_id uuid, key_id uuid,
    content bytea
  )
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF NOT EXISTS (
      SELECT FROM infohus.exchange e
      WHERE e.id = of_exchange AND e.authority_id = infohus.caller_authority()
        AND infohus.takes_part(e.case_id, 'coordinators')
    ) THEN
      RETURN;
    END IF;
    RETURN QUERY
      WITH withdrawn AS (
        UPDATE infohus.disclosure d SET withdrawn_at = infohus.acting_at(), revision = d.revision + 1
        WHERE d.exchange_id = of_exchange AND d.recipient_id = recipient AND d.withdrawn_at IS NULL
          AND d.record_kind <> ALL (but)
        RETURNING d.record_id
      ), deleted AS (
        DELETE FROM infohus.disclosed_key k USING withdrawn w
        WHERE k.exchange_id = of_exchange AND k.recipient_id = recipient AND k.record_id = w.record_id
        RETURNING k.record_id, k.part, k.number, k.record_version, k.owner_id, k.case_id, k.key_id, k.content
      )
      SELECT w.record_id, d.part, d.number, d.record_version, d.owner_id, d.case_id, d.key_id, d.content
      FROM withdrawn w LEFT JOIN deleted d ON d.record_id = w.record_id;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.withdraw(uuid, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.withdraw(uuid, text, text[]) TO infohus_app;

-- It runs as the owner, whom forced row security binds too: these rows only.
CREATE POLICY withdrawing_read ON infohus.exchange FOR SELECT TO infohus_owner
  USING (authority_id = infohus.caller_authority());
CREATE POLICY withdrawing_update ON infohus.disclosure FOR UPDATE TO infohus_owner
  USING (infohus.caller_authority() IS NOT NULL);
CREATE POLICY withdrawing_select ON infohus.disclosed_key FOR SELECT TO infohus_owner
  USING (recipient_id <> infohus.caller_authority());
CREATE POLICY withdrawing_delete ON infohus.disclosed_key FOR DELETE TO infohus_owner
  USING (infohus.caller_authority() IS NOT NULL AND recipient_id <> infohus.caller_authority());

-- For the start, which asks the schema `keys` for what was withdrawn: exchanges and recipients behind a place, and for each
-- under which of the exchange's keys something is wrapped still. It gives ids alone, and those of a recipient to anybody
-- but its own authority, by the policies below.
CREATE FUNCTION infohus.withdrawn_exchanges(after_exchange uuid, after_recipient text, at_most integer)
  RETURNS TABLE (exchange_id uuid, recipient_id text, standing integer[])
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN QUERY
      SELECT w.exchange_id, w.recipient_id, ARRAY(
        SELECT DISTINCT k.number FROM infohus.disclosed_key k
        WHERE k.exchange_id = w.exchange_id AND k.recipient_id = w.recipient_id
      )
      FROM (
        SELECT DISTINCT d.exchange_id, d.recipient_id FROM infohus.disclosure d
        WHERE d.withdrawn_at IS NOT NULL AND (d.exchange_id, d.recipient_id) > (after_exchange, after_recipient)
        ORDER BY d.exchange_id, d.recipient_id LIMIT at_most
      ) w
      ORDER BY w.exchange_id, w.recipient_id;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.withdrawn_exchanges(uuid, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.withdrawn_exchanges(uuid, text, integer) TO infohus_app;

-- Ends the keys of acts before a day, at most 10,000 of them; gives how many. The application's role deletes none
-- otherwise, and by this function none of the last days: without its key a repetition would act twice.
CREATE FUNCTION infohus.end_answered_requests(before date) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    ended bigint;
  BEGIN
    DELETE FROM infohus.answered_request r WHERE r.ctid = ANY (ARRAY(
      SELECT old.ctid FROM infohus.answered_request old WHERE old.acted_on < before LIMIT 10000
    ));
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.end_answered_requests(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.end_answered_requests(date) TO infohus_app;

-- It runs as the owner, whom forced row security binds too: these rows only.
CREATE POLICY ending_reads_answered_request ON infohus.answered_request FOR SELECT TO infohus_owner
  USING (acted_on < CURRENT_DATE - 1);
CREATE POLICY ending_deletes_answered_request ON infohus.answered_request FOR DELETE TO infohus_owner
  USING (acted_on < CURRENT_DATE - 1);

-- Logging attempts.
--
-- The log ids of the persons that the caller's authority knows in a case, for the entry of somebody who takes no part in
-- it and tried to; nothing else asks for them. NULL where the authority has no side: its log learns of no case then.
CREATE FUNCTION infohus.own_side_of_attempt(of_case uuid) RETURNS text[]
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF EXISTS (
      SELECT FROM infohus.participant p WHERE p.case_id = of_case AND p.acts_for = infohus.caller_authority()
    ) THEN
      RETURN ARRAY(
        SELECT s.log_id FROM infohus.side_person s
        WHERE s.case_id = of_case AND s.authority_id = infohus.caller_authority() ORDER BY s.place
      );
    END IF;
    RETURN NULL;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.own_side_of_attempt(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.own_side_of_attempt(uuid) TO infohus_app;
