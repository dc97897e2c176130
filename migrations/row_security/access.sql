-- Who the caller is, what the caller takes part in, and the rows that say so (rules 44 and 45).
--
-- The database itself gives the same answer as the policies. The caller and the moment stand in four settings that are
-- local to the transaction; without them nothing is visible. tests/policies/test_row_security.py compares the answers,
-- and lists where the policies are stricter on purpose.
--
-- An area of an invitation lets a professional see a kind of record: 'information', 'assessment', 'measures'. No
-- invitation holds 'coordinators', so what asks for it is for the tovholdere alone; 'any' asks for no area.
--
-- UPDATE is granted by column, here and in the other files: never on whose a row is, where it belongs, or who wrote it
-- when.

CREATE FUNCTION infohus.caller_authority() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('infohus.authority', true), '') $$;

CREATE FUNCTION infohus.caller_person() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('infohus.person', true), '')::uuid $$;

CREATE FUNCTION infohus.caller_role() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('infohus.role', true), '') $$;

-- The unit of work's own clock, so that the policies and the database mean the same moment.
CREATE FUNCTION infohus.acting_at() RETURNS timestamptz
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('infohus.now', true), '')::timestamptz $$;

-- Says who acts, when, until the end of the transaction; a query that begins with it is one statement.
CREATE FUNCTION infohus.act_as(authority text, person uuid, role text, at timestamptz) RETURNS boolean
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    PERFORM set_config('infohus.authority', authority, true), set_config('infohus.person', person::text, true),
      set_config('infohus.role', role, true), set_config('infohus.now', at::text, true);
    RETURN true;
  END
  $$;

-- A tovholder takes part in everything of the case; a professional only in the areas of the invitation.
--
-- It is asked some nine times for one recorded exchange, so it asks the table as little as it can. The settings are read
-- outside of the query: a query looks each function and operator up, and its owner's right to it, at each call, an
-- expression of its own once in a transaction.
CREATE FUNCTION infohus.takes_part(of_case uuid, area text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    role text := infohus.caller_role();
    person uuid := infohus.caller_person();
    authority text := infohus.caller_authority();
    moment timestamptz := infohus.acting_at();
  BEGIN
    IF role IN ('municipal_coordinator', 'police_coordinator') THEN
      PERFORM FROM infohus.participant p
        WHERE p.case_id = of_case AND p.person_id = person AND p.acts_for = authority AND p.kind = 'coordinator'
          AND p.begins_at <= moment AND (p.ends_at IS NULL OR p.ends_at > moment);
      RETURN FOUND;
    ELSIF role = 'invited_professional' THEN
      PERFORM FROM infohus.participant p
        WHERE p.case_id = of_case AND p.person_id = person AND p.acts_for = authority AND p.kind = 'invited'
          AND p.begins_at <= moment AND (p.ends_at IS NULL OR p.ends_at > moment)
          AND (area = 'any' OR area = ANY (p.scope));
      RETURN FOUND;
    END IF;
    RETURN false;
  END
  $$;

CREATE FUNCTION infohus.coordinates(of_infohus uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator') AND EXISTS (
      SELECT FROM infohus.coordinator c
      WHERE c.infohus_id = of_infohus
        AND c.person_id = infohus.caller_person() AND c.authority_id = infohus.caller_authority()
    );
  END
  $$;

-- A tovholder is in the act of opening a case: it was inserted by this very transaction, and nobody takes part yet.
CREATE FUNCTION infohus.opens(of_case uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.coordinates((
      SELECT c.infohus_id FROM infohus."case" c
      WHERE c.id = of_case AND c.xmin = pg_current_xact_id()::xid
    ));
  END
  $$;

CREATE FUNCTION infohus.supervises(of_infohus uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() IN ('data_protection_officer', 'legal') AND EXISTS (
      SELECT FROM infohus.infohus_authority a
      WHERE a.infohus_id = of_infohus AND a.authority_id = infohus.caller_authority()
    );
  END
  $$;

CREATE FUNCTION infohus.supervises_case(of_case uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() IN ('data_protection_officer', 'legal')
      AND infohus.supervises((SELECT c.infohus_id FROM infohus."case" c WHERE c.id = of_case));
  END
  $$;

-- The caller's authority was told of the record by an exchange, and it was not withdrawn.
CREATE FUNCTION infohus.was_told(of_record uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN EXISTS (
      SELECT FROM infohus.disclosure d
      WHERE d.record_id = of_record AND d.recipient_id = infohus.caller_authority()
        AND d.withdrawn_at IS NULL
    );
  END
  $$;

-- A professional may be drawn in for single records, and then sees no others but those they noted themselves.
CREATE FUNCTION infohus.is_given(of_case uuid, of_record uuid, noted_by uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN noted_by = infohus.caller_person() OR EXISTS (
      SELECT FROM infohus.participant p
      WHERE p.case_id = of_case
        AND p.person_id = infohus.caller_person()
        AND p.acts_for = infohus.caller_authority()
        AND p.begins_at <= infohus.acting_at() AND (p.ends_at IS NULL OR p.ends_at > infohus.acting_at())
        AND (p.kind = 'coordinator' OR cardinality(p.records) = 0 OR of_record = ANY (p.records))
    );
  END
  $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA infohus FROM PUBLIC;
GRANT USAGE ON SCHEMA infohus TO infohus_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA infohus TO infohus_app;
GRANT USAGE ON SEQUENCE infohus.case_number TO infohus_app;

-- What the functions look into. They run as the owner, whom row security binds too where it is forced.
CREATE POLICY functions_read_case ON infohus."case" FOR SELECT TO infohus_owner USING (true);
CREATE POLICY functions_read_participant ON infohus.participant FOR SELECT TO infohus_owner USING (true);
CREATE POLICY functions_read_disclosure ON infohus.disclosure FOR SELECT TO infohus_owner USING (true);

GRANT SELECT ON infohus.authority, infohus.infohus, infohus.infohus_authority, infohus.plan, infohus.coordinator
  TO infohus_app;

ALTER TABLE infohus."case" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus."case" TO infohus_app;
GRANT UPDATE (stage, version, opened_at, closed_at, outcome, subject_pseudonyms, awaits_child_notification)
  ON infohus."case" TO infohus_app;
CREATE POLICY select_case ON infohus."case" FOR SELECT TO infohus_app
  USING (infohus.takes_part(id, 'any') OR infohus.supervises(infohus_id));
CREATE POLICY insert_case ON infohus."case" FOR INSERT TO infohus_app
  WITH CHECK (infohus.coordinates(infohus_id));
-- Whoever records holds the case by a lock, which needs this much; only a tovholder changes it.
CREATE POLICY update_case ON infohus."case" FOR UPDATE TO infohus_app
  USING (infohus.takes_part(id, 'any'))
  WITH CHECK (infohus.takes_part(id, 'coordinators'));

ALTER TABLE infohus.participant ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.participant TO infohus_app;
GRANT UPDATE (person_id, acts_for, kind, scope, begins_at, ends_at, reason, record_version)
  ON infohus.participant TO infohus_app;
-- The caller's own row first: it is the one that is asked for at every act, and needs no function.
CREATE POLICY select_participant ON infohus.participant FOR SELECT TO infohus_app
  USING (
    (
      person_id = infohus.caller_person()
      AND acts_for = infohus.caller_authority()
      AND begins_at <= infohus.acting_at()
      AND (ends_at IS NULL OR ends_at > infohus.acting_at())
      AND CASE kind
        WHEN 'coordinator' THEN infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')
        ELSE infohus.caller_role() = 'invited_professional'
      END
    )
    OR infohus.takes_part(case_id, 'any')
  );
CREATE POLICY insert_participant ON infohus.participant FOR INSERT TO infohus_app
  WITH CHECK (
    infohus.caller_authority() = authority_id
    AND (infohus.takes_part(case_id, 'coordinators') OR infohus.opens(case_id))
  );
CREATE POLICY update_participant ON infohus.participant FOR UPDATE TO infohus_app
  USING (infohus.takes_part(case_id, 'coordinators'));
-- A professional ends their own participation, and only so that it is over.
CREATE POLICY leave_participant ON infohus.participant FOR UPDATE TO infohus_app
  USING (
    kind = 'invited'
    AND person_id = infohus.caller_person()
    AND acts_for = infohus.caller_authority()
    AND infohus.caller_role() = 'invited_professional'
  )
  WITH CHECK (
    kind = 'invited'
    AND person_id = infohus.caller_person()
    AND acts_for = infohus.caller_authority()
    AND infohus.caller_role() = 'invited_professional'
    AND ends_at <= infohus.acting_at()
  );

ALTER TABLE infohus.case_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.case_key TO infohus_app;
CREATE POLICY select_case_key ON infohus.case_key FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'any'));
CREATE POLICY insert_case_key ON infohus.case_key FOR INSERT TO infohus_app
  WITH CHECK (infohus.takes_part(case_id, 'coordinators') OR infohus.opens(case_id));

ALTER TABLE infohus.disclosure ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.disclosure TO infohus_app;
CREATE POLICY select_disclosure ON infohus.disclosure FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'any') OR infohus.supervises_case(case_id));
-- Nobody tells themselves: a row here is what lets its recipient see the record.
CREATE POLICY insert_disclosure ON infohus.disclosure FOR INSERT TO infohus_app
  WITH CHECK (recipient_id <> infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.record_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.record_key TO infohus_app;
CREATE POLICY select_record_key ON infohus.record_key FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any'));
-- One's own key of one's own record, or by an exchange another's.
CREATE POLICY insert_record_key ON infohus.record_key FOR INSERT TO infohus_app
  WITH CHECK (
    infohus.takes_part(case_id, 'any')
    AND (authority_id = infohus.caller_authority()) = (owner_id = infohus.caller_authority() AND exchange_id IS NULL)
  );
