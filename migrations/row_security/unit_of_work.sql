-- Names of those who acted, sealed (rule 60), and the function that withdraws what an exchange disclosed.

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
-- that recorded the exchange. What another exchange that stands gave the recipient stays. What the recipient passed on
-- falls too, and so on, unless its discloser has it by another exchange that stands (rule 16). Gives the ids of the records
-- that it withdrew from the recipient: the caller does not learn who was told further on.
CREATE FUNCTION infohus.withdraw(of_exchange uuid, recipient text, kinds text[]) RETURNS SETOF uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    withdrawn uuid[];
  BEGIN
    IF NOT EXISTS (
      SELECT FROM infohus.exchange e
      WHERE e.id = of_exchange AND e.authority_id = infohus.caller_authority()
        AND infohus.takes_part(e.case_id, 'coordinators')
    ) THEN
      RETURN;
    END IF;
    WITH told AS (
      UPDATE infohus.disclosure d SET withdrawn_at = infohus.acting_at()
      WHERE d.exchange_id = of_exchange AND d.recipient_id = recipient AND d.withdrawn_at IS NULL
        AND d.record_kind = ANY (kinds)
      RETURNING d.record_id
    )
    SELECT array_agg(told.record_id) INTO withdrawn FROM told;
    -- What stands: what its writer disclosed, and what somebody passed on who has it by a disclosure that stands.
    WITH RECURSIVE standing AS (
      SELECT d.exchange_id, d.recipient_id, d.record_id, d.record_version FROM infohus.disclosure d
      WHERE d.record_id = ANY (withdrawn) AND d.withdrawn_at IS NULL AND d.via IS NULL
      UNION
      SELECT d.exchange_id, d.recipient_id, d.record_id, d.record_version FROM standing s
      JOIN infohus.disclosure d ON d.record_id = s.record_id AND d.record_version = s.record_version
      JOIN infohus.exchange e ON e.id = d.exchange_id AND e.authority_id = s.recipient_id
      WHERE d.withdrawn_at IS NULL AND d.via IS NOT NULL
    )
    UPDATE infohus.disclosure d SET withdrawn_at = infohus.acting_at()
    WHERE d.record_id = ANY (withdrawn) AND d.withdrawn_at IS NULL AND NOT EXISTS (
      SELECT FROM standing s
      WHERE s.exchange_id = d.exchange_id AND s.recipient_id = d.recipient_id AND s.record_id = d.record_id
    );
    DELETE FROM infohus.disclosed_key k USING infohus.disclosure d
    WHERE d.record_id = ANY (withdrawn) AND d.withdrawn_at IS NOT NULL
      AND k.exchange_id = d.exchange_id AND k.recipient_id = d.recipient_id AND k.record_id = d.record_id;
    RETURN QUERY SELECT unnest(withdrawn);
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.withdraw(uuid, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.withdraw(uuid, text, text[]) TO infohus_app;

-- It runs as the owner, whom forced row security binds too: these rows only.
CREATE POLICY withdrawing_read ON infohus.exchange FOR SELECT TO infohus_owner
  USING (infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY withdrawing_update ON infohus.disclosure FOR UPDATE TO infohus_owner
  USING (infohus.caller_authority() IS NOT NULL);
CREATE POLICY withdrawing_select ON infohus.disclosed_key FOR SELECT TO infohus_owner
  USING (infohus.caller_authority() IS NOT NULL);
CREATE POLICY withdrawing_delete ON infohus.disclosed_key FOR DELETE TO infohus_owner
  USING (infohus.caller_authority() IS NOT NULL);
