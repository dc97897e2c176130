-- Persons, information, signatures, and what follows an exchange: receipts and withdrawals. The own authority sees
-- them, the other one what an exchange disclosed; a protected address and a withdrawal are never disclosed.

ALTER TABLE infohus.subject ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.subject TO infohus_app;
CREATE POLICY select_subject ON infohus.subject FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_subject ON infohus.subject FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.protected_address ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.protected_address TO infohus_app;
CREATE POLICY select_protected_address ON infohus.protected_address FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'coordinators') AND authority_id = infohus.caller_authority());
CREATE POLICY insert_protected_address ON infohus.protected_address FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

-- Only the person who was shown earlier concerns sees that: the other authority would learn that there are some.
ALTER TABLE infohus.earlier_concerns_seen ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.earlier_concerns_seen TO infohus_app;
CREATE POLICY select_earlier_concerns_seen ON infohus.earlier_concerns_seen FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND authority_id = infohus.caller_authority()
    AND person_id = infohus.caller_person()
  );
CREATE POLICY insert_earlier_concerns_seen ON infohus.earlier_concerns_seen FOR INSERT TO infohus_app
  WITH CHECK (
    infohus.takes_part(case_id, 'coordinators')
    AND authority_id = infohus.caller_authority()
    AND person_id = infohus.caller_person()
  );

ALTER TABLE infohus.information ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.information TO infohus_app;
CREATE POLICY select_information ON infohus.information FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'information')
    AND infohus.is_given(case_id, id, recorded_by)
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_information ON infohus.information FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'information'));

ALTER TABLE infohus.custody_release ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.custody_release TO infohus_app;
CREATE POLICY select_custody_release ON infohus.custody_release FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_custody_release ON infohus.custody_release FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.signature ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.signature TO infohus_app;
-- Only for those whose authority has a key of the signed record, by ownership or by an exchange.
CREATE POLICY select_signature ON infohus.signature FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, CASE record_kind WHEN 'assessment' THEN 'assessment' ELSE 'coordinators' END)
    AND EXISTS (
      SELECT FROM infohus.record_key k
      WHERE k.record_id = signature.record_id AND k.authority_id = infohus.caller_authority()
    )
  );
CREATE POLICY insert_signature ON infohus.signature FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND person_id = infohus.caller_person()
    AND infohus.takes_part(case_id, 'coordinators')
  );

ALTER TABLE infohus.receipt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.receipt TO infohus_app;
-- For those who may see the exchange, as its own row security says.
CREATE POLICY select_receipt ON infohus.receipt FOR SELECT TO infohus_app
  USING (EXISTS (SELECT FROM infohus.exchange e WHERE e.id = exchange_id));
CREATE POLICY insert_receipt ON infohus.receipt FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND person_id = infohus.caller_person()
    AND infohus.takes_part(case_id, 'coordinators')
    AND EXISTS (SELECT FROM infohus.exchange e WHERE e.id = exchange_id)
  );

ALTER TABLE infohus.withdrawal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.withdrawal TO infohus_app;
CREATE POLICY select_withdrawal ON infohus.withdrawal FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'coordinators') AND authority_id = infohus.caller_authority());
CREATE POLICY insert_withdrawal ON infohus.withdrawal FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND EXISTS (SELECT FROM infohus.exchange e WHERE e.id = exchange_id AND e.authority_id = infohus.caller_authority())
  );

-- Looking back.
--
-- Says only whether another case has a concern on a person of this case that the caller may not see. Covers the persons
-- whom the caller's authority knows in this case, and the cases of the same infohus that were not erased (an erased
-- case has no key).
CREATE FUNCTION infohus.hides_earlier_concerns(of_case uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.takes_part(of_case, 'coordinators') AND EXISTS (
      SELECT FROM infohus.subject here
      JOIN infohus."case" this ON this.id = here.case_id
      JOIN infohus.subject there ON there.cpr_index = here.cpr_index AND there.case_id <> here.case_id
      JOIN infohus."case" other ON other.id = there.case_id AND other.infohus_id = this.infohus_id
      JOIN infohus.case_key k ON k.case_id = there.case_id AND k.authority_id = there.authority_id
      WHERE here.case_id = of_case
        AND (here.authority_id = infohus.caller_authority() OR infohus.was_told(here.id))
        AND NOT (
          infohus.takes_part(there.case_id, 'coordinators')
          AND (there.authority_id = infohus.caller_authority() OR infohus.was_told(there.id))
        )
    );
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.hides_earlier_concerns(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.hides_earlier_concerns(uuid) TO infohus_app;

-- The function runs as the owner, whom forced row security binds too: these rows, for a tovholder.
CREATE POLICY looking_back ON infohus.subject FOR SELECT TO infohus_owner
  USING (cpr_index IS NOT NULL AND infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator'));
CREATE POLICY looking_back ON infohus.case_key FOR SELECT TO infohus_owner
  USING (infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator'));

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
