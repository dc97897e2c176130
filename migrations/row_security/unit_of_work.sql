-- Idempotency keys of answered requests, visible to their person alone; names of those who acted, sealed (rule 60).

ALTER TABLE infohus.request_once ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.request_once TO infohus_app;
CREATE POLICY select_request_once ON infohus.request_once FOR SELECT TO infohus_app
  USING (person_id = infohus.caller_person());
CREATE POLICY insert_request_once ON infohus.request_once FOR INSERT TO infohus_app
  WITH CHECK (person_id = infohus.caller_person());

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
