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
-- that recorded the exchange. Gives, for each record that it withdrew, its id and the columns of the recipient's key row
-- as they were, without the wrapped key; `kept_by` is the exchange by which the key stays, NULL when it was deleted.
CREATE FUNCTION infohus.withdraw(of_exchange uuid, recipient text, kinds text[])
  RETURNS TABLE (record_id uuid, owner_id text, key_id uuid, exchange_id uuid, revision integer, kept_by uuid)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    told record;
    held infohus.record_key;
  BEGIN
    IF NOT EXISTS (
      SELECT FROM infohus.exchange e
      WHERE e.id = of_exchange AND e.authority_id = infohus.caller_authority()
        AND infohus.takes_part(e.case_id, 'coordinators')
    ) THEN
      RETURN;
    END IF;
    FOR told IN
      UPDATE infohus.disclosure d SET withdrawn_at = infohus.acting_at(), revision = d.revision + 1
      WHERE d.exchange_id = of_exchange AND d.recipient_id = recipient AND d.withdrawn_at IS NULL
        AND d.record_kind = ANY (kinds)
      RETURNING d.record_id
    LOOP
      record_id := told.record_id;
      SELECT d.exchange_id INTO kept_by FROM infohus.disclosure d
      WHERE d.record_id = told.record_id AND d.recipient_id = recipient AND d.withdrawn_at IS NULL LIMIT 1;
      SELECT k.* INTO held FROM infohus.record_key k
      WHERE k.record_id = told.record_id AND k.authority_id = recipient AND k.exchange_id = of_exchange
        AND k.authority_id <> k.owner_id;
      owner_id := held.owner_id;
      key_id := held.key_id;
      exchange_id := held.exchange_id;
      revision := held.revision;
      IF kept_by IS NULL THEN
        DELETE FROM infohus.record_key k WHERE k.record_id = held.record_id AND k.authority_id = held.authority_id;
      ELSE
        UPDATE infohus.record_key k SET exchange_id = kept_by, revision = k.revision + 1
        WHERE k.record_id = held.record_id AND k.authority_id = held.authority_id;
      END IF;
      RETURN NEXT;
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
