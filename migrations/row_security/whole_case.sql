-- What concerns a case as a whole: its closure, and each authority's own retention, journal reference, requests for
-- access, restrictions, releases, legal holds and archive clearances, which the other authority does not see.

ALTER TABLE infohus.closure ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.closure TO infohus_app;
GRANT UPDATE (record_version, outcome, content, content_hash, exchange_id, decided_at)
  ON infohus.closure TO infohus_app;
CREATE POLICY select_closure ON infohus.closure FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_closure ON infohus.closure FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_closure ON infohus.closure FOR UPDATE TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );

ALTER TABLE infohus.retention ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.retention TO infohus_app;
CREATE POLICY select_retention ON infohus.retention FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any'));
CREATE POLICY insert_retention ON infohus.retention FOR INSERT TO infohus_app
  WITH CHECK (infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.journal_reference ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.journal_reference TO infohus_app;
GRANT UPDATE (record_version, set_at, reference) ON infohus.journal_reference TO infohus_app;
CREATE POLICY select_journal_reference ON infohus.journal_reference FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY insert_journal_reference ON infohus.journal_reference FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_journal_reference ON infohus.journal_reference FOR UPDATE TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.access_request ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.access_request TO infohus_app;
GRANT UPDATE (answered_at) ON infohus.access_request TO infohus_app;
CREATE POLICY select_access_request ON infohus.access_request FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY insert_access_request ON infohus.access_request FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_access_request ON infohus.access_request FOR UPDATE TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.restriction ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.restriction TO infohus_app;
GRANT UPDATE (lifted_at) ON infohus.restriction TO infohus_app;
CREATE POLICY select_restriction ON infohus.restriction FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY insert_restriction ON infohus.restriction FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_restriction ON infohus.restriction FOR UPDATE TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.release ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.release TO infohus_app;
CREATE POLICY select_release ON infohus.release FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY insert_release ON infohus.release FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.legal_hold ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.legal_hold TO infohus_app;
GRANT UPDATE (lifted_at) ON infohus.legal_hold TO infohus_app;
CREATE POLICY select_legal_hold ON infohus.legal_hold FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY insert_legal_hold ON infohus.legal_hold FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_legal_hold ON infohus.legal_hold FOR UPDATE TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.archive_clearance ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.archive_clearance TO infohus_app;
CREATE POLICY select_archive_clearance ON infohus.archive_clearance FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY insert_archive_clearance ON infohus.archive_clearance FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

-- Does the case have a person who was under 18 at receipt? How long it is kept depends on it, and whoever signs the
-- closure last may not see the other authority's persons.
CREATE FUNCTION infohus.has_child(of_case uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.takes_part(of_case, 'coordinators') AND EXISTS (
      SELECT FROM infohus.subject s WHERE s.case_id = of_case AND s.is_under_18_at_receipt
    );
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.has_child(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.has_child(uuid) TO infohus_app;

-- It runs as the owner, whom forced row security binds too.
CREATE POLICY functions_read_subject ON infohus.subject FOR SELECT TO infohus_owner
  USING (infohus.takes_part(case_id, 'coordinators'));
