-- Names of those who acted, sealed (rule 60); the function that withdraws what an exchange disclosed, and the one by which
-- attempts are logged.

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
-- that recorded the exchange. Gives the ids of the records that it withdrew.
CREATE FUNCTION infohus.withdraw(of_exchange uuid, recipient text, kinds text[]) RETURNS SETOF uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    told record;
    other uuid;
  BEGIN
    IF NOT EXISTS (
      SELECT FROM infohus.exchange e
      WHERE e.id = of_exchange AND e.authority_id = infohus.caller_authority()
        AND infohus.takes_part(e.case_id, 'coordinators')
    ) THEN
      RETURN;
    END IF;
    FOR told IN
      UPDATE infohus.disclosure d SET withdrawn_at = infohus.acting_at()
      WHERE d.exchange_id = of_exchange AND d.recipient_id = recipient AND d.withdrawn_at IS NULL
        AND d.record_kind = ANY (kinds)
      RETURNING d.record_id
    LOOP
      SELECT d.exchange_id INTO other FROM infohus.disclosure d
      WHERE d.record_id = told.record_id AND d.recipient_id = recipient AND d.withdrawn_at IS NULL LIMIT 1;
      IF other IS NULL THEN
        DELETE FROM infohus.record_key k
        WHERE k.record_id = told.record_id AND k.authority_id = recipient AND k.authority_id <> k.owner_id;
      ELSE
        UPDATE infohus.record_key k SET exchange_id = other
        WHERE k.record_id = told.record_id AND k.authority_id = recipient AND k.exchange_id = of_exchange;
      END IF;
      RETURN NEXT told.record_id;
    END LOOP;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.withdraw(uuid, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.withdraw(uuid, text, text[]) TO infohus_app;

-- It runs as the owner, whom forced row security binds too: these rows only.
CREATE POLICY withdrawing_read ON infohus.exchange FOR SELECT TO infohus_owner
  USING (authority_id = infohus.caller_authority());
CREATE POLICY withdrawing_update ON infohus.disclosure FOR UPDATE TO infohus_owner
  USING (infohus.caller_authority() IS NOT NULL);
CREATE POLICY withdrawing_select ON infohus.record_key FOR SELECT TO infohus_owner
  USING (authority_id <> owner_id AND infohus.caller_authority() IS NOT NULL);
CREATE POLICY withdrawing_update ON infohus.record_key FOR UPDATE TO infohus_owner
  USING (authority_id <> owner_id AND infohus.caller_authority() IS NOT NULL);
CREATE POLICY withdrawing_delete ON infohus.record_key FOR DELETE TO infohus_owner
  USING (authority_id <> owner_id AND infohus.caller_authority() IS NOT NULL);

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
        WHERE s.case_id = of_case AND s.authority_id = infohus.caller_authority() ORDER BY s.subject_id
      );
    END IF;
    RETURN NULL;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.own_side_of_attempt(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.own_side_of_attempt(uuid) TO infohus_app;
