-- What concerns a case as a whole: its closure, and each authority's own earlier concerns shown, journal
-- reference, requests for access, restrictions, releases, legal holds and archive clearances, which the other authority
-- does not see.

ALTER TABLE infohus.closure ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.closure TO infohus_app;
GRANT UPDATE (exchange_id, decided_at) ON infohus.closure TO infohus_app;
CREATE POLICY select_closure ON infohus.closure FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );
CREATE POLICY insert_closure ON infohus.closure FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_closure ON infohus.closure FOR UPDATE TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );

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

ALTER TABLE infohus.journal_reference ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.journal_reference TO infohus_app;
CREATE POLICY select_journal_reference ON infohus.journal_reference FOR SELECT TO infohus_app
  USING (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );
CREATE POLICY insert_journal_reference ON infohus.journal_reference FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

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

-- Log reports.
--
-- How the log of the caller's authority knows the bearer of a CPR number: the log ids of its own persons in the infohus,
-- also in cases in which the caller takes no part. For a tovholder, who gives the person the report.
CREATE FUNCTION infohus.own_persons_by_cpr(of_infohus uuid, looked_for bytea) RETURNS SETOF text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF infohus.coordinates(of_infohus) THEN
      RETURN QUERY
        SELECT p.log_id FROM infohus.side_person p
        JOIN infohus.subject s ON s.id = p.subject_id
        JOIN infohus."case" c ON c.id = p.case_id
        WHERE p.authority_id = infohus.caller_authority() AND s.cpr_index = looked_for AND c.infohus_id = of_infohus
        ORDER BY p.case_id, p.place, p.subject_id;
    END IF;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.own_persons_by_cpr(uuid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.own_persons_by_cpr(uuid, bytea) TO infohus_app;

-- How that log knows a person of one of the caller's cases, and whoever bears the same number. Also when what told of
-- the person was withdrawn: nothing of the record is read any more, and the log counts the person all the same.
CREATE FUNCTION infohus.own_persons_by_record(of_infohus uuid, looked_for uuid) RETURNS SETOF text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF infohus.coordinates(of_infohus) THEN
      RETURN QUERY
        SELECT p.log_id FROM infohus.side_person known
        JOIN infohus.subject k ON k.id = known.subject_id
        JOIN infohus."case" its ON its.id = known.case_id
        JOIN infohus.side_person p ON p.authority_id = known.authority_id
        JOIN infohus.subject s ON s.id = p.subject_id
        JOIN infohus."case" c ON c.id = p.case_id
        WHERE known.authority_id = infohus.caller_authority() AND known.subject_id = looked_for
          AND its.infohus_id = of_infohus AND infohus.takes_part(known.case_id, 'coordinators')
          AND c.infohus_id = of_infohus AND (s.id = k.id OR s.cpr_index = k.cpr_index)
        ORDER BY p.case_id, p.place, p.subject_id;
    END IF;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.own_persons_by_record(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.own_persons_by_record(uuid, uuid) TO infohus_app;

-- Which of these ids the own authority withholds in the infohus: records that it restricts, the restrictions themselves,
-- its exchanges that told nothing else, what corrects or withdraws those without telling more, and the notices of what was
-- passed on of nothing else. Also in cases in which the caller takes no part, for a letter tells of those.
CREATE FUNCTION infohus.own_restricted(of_infohus uuid, among uuid[]) RETURNS SETOF uuid
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF infohus.coordinates(of_infohus) THEN
      RETURN QUERY
        WITH RECURSIVE standing AS (
          SELECT r.id, r.record_id FROM infohus.restriction r JOIN infohus."case" c ON c.id = r.case_id
          WHERE r.authority_id = infohus.caller_authority() AND r.lifted_at IS NULL AND c.infohus_id = of_infohus
        ), walked AS (
          SELECT n.named, e.id, e.corrects_id, e.given_ids
          FROM (
            SELECT unnest(among), unnest(among)
            UNION
            SELECT w.id, w.exchange_id FROM infohus.withdrawal w WHERE w.id = ANY (among)
            UNION
            SELECT o.id, o.exchange_id FROM infohus.onward_notice o WHERE o.id = ANY (among)
          ) AS n (named, exchange_id)
          JOIN infohus.exchange e ON e.id = n.exchange_id AND e.authority_id = infohus.caller_authority()
          UNION
          SELECT w.named, e.id, e.corrects_id, e.given_ids FROM walked w JOIN infohus.exchange e ON e.id = w.corrects_id
          WHERE cardinality(w.given_ids) = 0 AND NOT EXISTS (
            SELECT FROM infohus.disclosure d WHERE d.exchange_id = w.id AND d.record_id <> w.id
          )
        )
        SELECT s.record_id FROM standing s WHERE s.record_id = ANY (among)
        UNION
        SELECT s.id FROM standing s WHERE s.id = ANY (among)
        UNION
        SELECT o.id FROM infohus.onward_notice o
        WHERE o.id = ANY (among) AND o.owner_id = infohus.caller_authority()
          AND o.record_ids <@ ARRAY(SELECT s.record_id FROM standing s)
        UNION
        SELECT w.named FROM walked w
        CROSS JOIN LATERAL (
          SELECT d.record_id FROM infohus.disclosure d WHERE d.exchange_id = w.id AND d.record_id <> w.id
          UNION
          SELECT unnest(w.given_ids)
        ) AS item (record_id)
        LEFT JOIN standing s ON s.record_id = item.record_id
        GROUP BY w.named HAVING bool_and(s.id IS NOT NULL);
    END IF;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.own_restricted(uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.own_restricted(uuid, uuid[]) TO infohus_app;

-- The functions run as the owner, whom forced row security binds too: these rows, for a tovholder.
CREATE POLICY functions_read_onward_notice ON infohus.onward_notice FOR SELECT TO infohus_owner
  USING (infohus.caller_authority() IN (authority_id, owner_id));
CREATE POLICY functions_read_restriction ON infohus.restriction FOR SELECT TO infohus_owner
  USING (authority_id = infohus.caller_authority());
CREATE POLICY functions_read_side_person ON infohus.side_person FOR SELECT TO infohus_owner
  USING (authority_id = infohus.caller_authority());
CREATE POLICY functions_read_subject ON infohus.subject FOR SELECT TO infohus_owner
  USING (
    EXISTS (
      SELECT FROM infohus.side_person p WHERE p.subject_id = subject.id AND p.authority_id = infohus.caller_authority()
    )
  );
