-- What looks at all cases: the yearly status, obligations fulfilled, exchanges under review, and log checks.
--
-- Texts of a log check's findings are sealed under the supervision key of the authority that checks.

ALTER TABLE infohus.yearly_status ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- No UPDATE and no DELETE: what was released is neither changed nor taken back.
GRANT SELECT, INSERT ON infohus.yearly_status TO infohus_app;
CREATE POLICY select_yearly_status ON infohus.yearly_status FOR SELECT TO infohus_app
  USING (infohus.coordinates(infohus_id) OR infohus.supervises(infohus_id));
CREATE POLICY insert_yearly_status ON infohus.yearly_status FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.coordinates(infohus_id));

-- Read by the staff of the plan, as the obligations are.
ALTER TABLE infohus.fulfilment ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.fulfilment TO infohus_app;
CREATE POLICY select_fulfilment ON infohus.fulfilment FOR SELECT TO infohus_app
  USING (
    EXISTS (
      SELECT FROM infohus.infohus_authority o
      WHERE o.infohus_id = fulfilment.infohus_id AND o.authority_id = infohus.caller_authority()
    )
  );
CREATE POLICY insert_fulfilment ON infohus.fulfilment FOR INSERT TO infohus_app
  WITH CHECK (infohus.coordinates(infohus_id));

-- A check is of the log of the authority whose DPO makes it, or of an institution's that it drew in, and no other
-- authority sees it (rule 90). Legal staff
-- review too: the DPO's own entries are drawn like any.
ALTER TABLE infohus.log_check ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.log_check TO infohus_app;
GRANT UPDATE (drawn_at, announced_size, note, seed, is_steerable, secret) ON infohus.log_check TO infohus_app;
CREATE POLICY select_log_check ON infohus.log_check FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.caller_role() IN ('data_protection_officer', 'legal'));
CREATE POLICY insert_log_check ON infohus.log_check FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority() AND infohus.caller_role() = 'data_protection_officer'
    AND announced_by = infohus.caller_person()
    AND drawn_at IS NULL
    AND (log_of IS NULL OR infohus.checks_log_of(log_of))
  );
-- Only the columns of the draw may be updated, and only once.
CREATE POLICY update_log_check ON infohus.log_check FOR UPDATE TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.caller_role() = 'data_protection_officer' AND drawn_at IS NULL)
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.caller_role() = 'data_protection_officer');

ALTER TABLE infohus.log_check_entry ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.log_check_entry TO infohus_app;
GRANT UPDATE (review, reviewed_by, reviewed_at) ON infohus.log_check_entry TO infohus_app;
CREATE POLICY select_log_check_entry ON infohus.log_check_entry FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.caller_role() IN ('data_protection_officer', 'legal'));
CREATE POLICY insert_log_check_entry ON infohus.log_check_entry FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.caller_role() = 'data_protection_officer' AND review IS NULL);
-- A review is given once, in the reviewer's own name; a CHECK of the table lets nobody review an entry of their own.
CREATE POLICY update_log_check_entry ON infohus.log_check_entry FOR UPDATE TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.caller_role() IN ('data_protection_officer', 'legal') AND review IS NULL)
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.caller_role() IN ('data_protection_officer', 'legal') AND reviewed_by = infohus.caller_person());

ALTER TABLE infohus.log_finding ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.log_finding TO infohus_app;
GRANT UPDATE (answer, answered_at, remedy, outcome, ended_at, version) ON infohus.log_finding TO infohus_app;
CREATE POLICY select_log_finding ON infohus.log_finding FOR SELECT TO infohus_app
  USING (
    authority_id = infohus.caller_authority()
    AND (infohus.caller_role() IN ('data_protection_officer', 'legal') OR owner_id = infohus.caller_person())
  );
CREATE POLICY insert_log_finding ON infohus.log_finding FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.caller_role() IN ('data_protection_officer', 'legal') AND recorded_by = infohus.caller_person());
CREATE POLICY update_log_finding ON infohus.log_finding FOR UPDATE TO infohus_app
  USING (
    authority_id = infohus.caller_authority()
    AND (infohus.caller_role() = 'data_protection_officer' OR owner_id = infohus.caller_person())
  );

ALTER TABLE infohus.log_notice_receipt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.log_notice_receipt TO infohus_app;
CREATE POLICY select_log_notice_receipt ON infohus.log_notice_receipt FOR SELECT TO infohus_app
  USING (
    authority_id = infohus.caller_authority()
    AND (person_id = infohus.caller_person() OR infohus.caller_role() = 'data_protection_officer')
  );
CREATE POLICY insert_log_notice_receipt ON infohus.log_notice_receipt FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND person_id = infohus.caller_person());

-- Counting for the yearly status.
--
-- Each record counts in one year only, by a time that nobody can choose or change: when it was recorded, decided or
-- closed. So no record is in two years' tables, and a past year's counts do not change. Each authority counts its own
-- records and what is joint (rule 75): decided scope, closed cases, and the assessments it opened or was told of.
CREATE FUNCTION infohus.yearly_counts(of_infohus uuid, of_year integer)
  RETURNS TABLE (tabulation text, place text, records bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    begins_at timestamptz := make_timestamptz(of_year, 1, 1, 0, 0, 0, 'Europe/Copenhagen');
    ends_at timestamptz := make_timestamptz(of_year + 1, 1, 1, 0, 0, 0, 'Europe/Copenhagen');
  BEGIN
    IF NOT coalesce(infohus.coordinates(of_infohus) AND infohus.acting_at() >= ends_at, false)
      OR EXISTS (
        SELECT FROM infohus.yearly_status y
        WHERE y.infohus_id = of_infohus AND y.year = of_year AND y.authority_id = infohus.caller_authority()
      )
    THEN
      RETURN;
    END IF;
    RETURN QUERY
    WITH ours AS (
      SELECT c.id, c.outcome, c.closed_at FROM infohus."case" c WHERE c.infohus_id = of_infohus
    ), reports AS (
      SELECT k.channel, f.extremism_form FROM infohus.concern k JOIN ours ON ours.id = k.case_id
      JOIN infohus.concern_form f ON f.concern_id = k.id
      WHERE k.authority_id = infohus.caller_authority() AND k.recorded_at >= begins_at AND k.recorded_at < ends_at
    ), scopes AS (
      SELECT CASE WHEN s.differed_at IS NULL THEN s.outcome ELSE 'disagreed' END AS outcome,
        s.decided_at - min(k.received_at) AS taken
      FROM infohus.scope_decision s JOIN ours ON ours.id = s.case_id
      LEFT JOIN infohus.concern k ON k.case_id = s.case_id AND k.authority_id = infohus.caller_authority()
      WHERE s.decided_at >= begins_at AND s.decided_at < ends_at
      GROUP BY s.id, s.record_version
    )
    SELECT 'channel', reports.channel::text, count(*) FROM reports GROUP BY 2
    UNION ALL
    SELECT 'extremism_form', reports.extremism_form, count(*) FROM reports GROUP BY 2
    UNION ALL
    SELECT 'age_group', s.age_group::text, count(*) FROM infohus.subject s JOIN ours ON ours.id = s.case_id
    WHERE s.authority_id = infohus.caller_authority() AND s.recorded_at >= begins_at AND s.recorded_at < ends_at
    GROUP BY 2
    UNION ALL
    SELECT 'scope_outcome', scopes.outcome, count(*) FROM scopes GROUP BY 2
    UNION ALL
    SELECT 'scope_time', CASE
        WHEN scopes.taken <= interval '7 days' THEN 'within_7_days'
        WHEN scopes.taken <= interval '14 days' THEN 'within_14_days'
        WHEN scopes.taken <= interval '30 days' THEN 'within_30_days'
        WHEN scopes.taken <= interval '90 days' THEN 'within_90_days'
        ELSE 'later'
      END, count(*) FROM scopes WHERE scopes.taken IS NOT NULL GROUP BY 2
    UNION ALL
    SELECT 'tool', CASE WHEN a.decided_at < ends_at THEN 'concluded' ELSE 'under_way' END, count(*)
    FROM (
      SELECT min(w.opened_at) AS opened_at, min(w.decided_at) AS decided_at
      FROM infohus.assessment w JOIN ours ON ours.id = w.case_id
      WHERE infohus.has_key(w.id, w.record_version) GROUP BY w.id
    ) a
    WHERE a.opened_at >= begins_at AND a.opened_at < ends_at GROUP BY 2
    UNION ALL
    SELECT 'prevention_level', m.level::text, count(*) FROM infohus.measure m JOIN ours ON ours.id = m.case_id
    WHERE m.authority_id = infohus.caller_authority() AND m.recorded_at >= begins_at AND m.recorded_at < ends_at
    GROUP BY 2
    UNION ALL
    SELECT 'paragraph', e.paragraph::text, count(*) FROM infohus.exchange e JOIN ours ON ours.id = e.case_id
    WHERE e.authority_id = infohus.caller_authority() AND e.recorded_at >= begins_at AND e.recorded_at < ends_at
      AND e.corrects_id IS NULL AND e.paragraph <> 'pet-loven-4' GROUP BY 2
    UNION ALL
    SELECT 'outcome', ours.outcome, count(*) FROM ours
    WHERE ours.closed_at >= begins_at AND ours.closed_at < ends_at GROUP BY 2;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.yearly_counts(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.yearly_counts(uuid, integer) TO infohus_app;

-- It runs as the owner, whom forced row security binds too: beside the cases it reads these tables, for a tovholder of
-- the infohus, and of each side's records the caller's own.
CREATE POLICY counting_read ON infohus.concern FOR SELECT TO infohus_owner
  USING (
    authority_id = infohus.caller_authority() AND case_id IN (
      SELECT c.id FROM infohus."case" c JOIN infohus.coordinator o ON o.infohus_id = c.infohus_id
      WHERE o.person_id = infohus.caller_person() AND o.authority_id = infohus.caller_authority()
        AND infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')
    )
  );
CREATE POLICY counting_read ON infohus.concern_form FOR SELECT TO infohus_owner
  USING (
    authority_id = infohus.caller_authority() AND case_id IN (
      SELECT c.id FROM infohus."case" c JOIN infohus.coordinator o ON o.infohus_id = c.infohus_id
      WHERE o.person_id = infohus.caller_person() AND o.authority_id = infohus.caller_authority()
        AND infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')
    )
  );
CREATE POLICY counting_read ON infohus.subject FOR SELECT TO infohus_owner
  USING (
    authority_id = infohus.caller_authority() AND case_id IN (
      SELECT c.id FROM infohus."case" c JOIN infohus.coordinator o ON o.infohus_id = c.infohus_id
      WHERE o.person_id = infohus.caller_person() AND o.authority_id = infohus.caller_authority()
        AND infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')
    )
  );
CREATE POLICY counting_read ON infohus.scope_decision FOR SELECT TO infohus_owner
  USING (
    case_id IN (
      SELECT c.id FROM infohus."case" c JOIN infohus.coordinator o ON o.infohus_id = c.infohus_id
      WHERE o.person_id = infohus.caller_person() AND o.authority_id = infohus.caller_authority()
        AND infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')
    )
  );
CREATE POLICY counting_read ON infohus.assessment FOR SELECT TO infohus_owner
  USING (
    infohus.has_key(id, record_version) AND case_id IN (
      SELECT c.id FROM infohus."case" c JOIN infohus.coordinator o ON o.infohus_id = c.infohus_id
      WHERE o.person_id = infohus.caller_person() AND o.authority_id = infohus.caller_authority()
        AND infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')
    )
  );
CREATE POLICY counting_read ON infohus.measure FOR SELECT TO infohus_owner
  USING (
    authority_id = infohus.caller_authority() AND case_id IN (
      SELECT c.id FROM infohus."case" c JOIN infohus.coordinator o ON o.infohus_id = c.infohus_id
      WHERE o.person_id = infohus.caller_person() AND o.authority_id = infohus.caller_authority()
        AND infohus.caller_role() IN ('municipal_coordinator', 'police_coordinator')
    )
  );
-- Its own exchanges the owner reads for each caller already (withdrawing_read); a second policy would be asked beside that
-- one whenever a function looks at an exchange.
CREATE POLICY counting_read ON infohus.yearly_status FOR SELECT TO infohus_owner
  USING (infohus.coordinates(infohus_id));

-- Reviewing exchanges.
--
-- Which requests for information to or by the caller's authority were declined, and when; not the question. A reviewer
-- sees no row of the table.
CREATE FUNCTION infohus.declined_requests(of_infohus uuid)
  RETURNS TABLE (request_id uuid, exchange_id uuid, asked_by text, asked_of text, answered_at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF infohus.supervises(of_infohus) THEN
      RETURN QUERY
        SELECT r.id, r.exchange_id, r.asked_by::text, r.asked_of::text, r.answered_at
        FROM infohus.information_request r JOIN infohus."case" c ON c.id = r.case_id
        WHERE c.infohus_id = of_infohus AND r.answer = 'declined' AND r.exchange_id IS NOT NULL
          AND infohus.caller_authority() IN (r.asked_by, r.asked_of);
    END IF;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.declined_requests(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.declined_requests(uuid) TO infohus_app;

CREATE POLICY reviewing_read ON infohus.information_request FOR SELECT TO infohus_owner
  USING (answer = 'declined' AND infohus.supervises_case(case_id));

-- Checking the log for users who looked up their own family.
--
-- Which cases have a person with one of these family names. Only persons whom the DPO's own authority recorded or was
-- told of: its users can read of no others.
CREATE FUNCTION infohus.cases_on_family(of_infohus uuid, names bytea[])
  RETURNS TABLE (case_id uuid, family_name bytea)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF infohus.caller_role() = 'data_protection_officer' AND infohus.supervises(of_infohus) THEN
      RETURN QUERY
        SELECT DISTINCT s.case_id, n.name
        FROM infohus.subject s JOIN infohus."case" c ON c.id = s.case_id, unnest(s.family_names) AS n (name)
        WHERE c.infohus_id = of_infohus AND n.name = ANY (names)
          AND (s.authority_id = infohus.caller_authority() OR infohus.was_told(s.id));
    END IF;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.cases_on_family(uuid, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.cases_on_family(uuid, bytea[]) TO infohus_app;

CREATE POLICY checking_read ON infohus.subject FOR SELECT TO infohus_owner
  USING (
    infohus.caller_role() = 'data_protection_officer'
    AND infohus.supervises_case(case_id)
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );

-- Content on request (rule 90).
--
-- A DPO's request for one record, with its reason sealed for the own authority's supervision. No UPDATE and no DELETE.
ALTER TABLE infohus.content_request ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.content_request TO infohus_app;
CREATE POLICY select_content_request ON infohus.content_request FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.supervises(infohus_id));
CREATE POLICY insert_content_request ON infohus.content_request FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority() AND infohus.caller_role() = 'data_protection_officer'
    AND infohus.supervises(infohus_id) AND requested_by = infohus.caller_person()
    AND requested_at = infohus.acting_at() AND ends_at <= infohus.acting_at() + interval '30 minutes'
  );

-- `infohus.opens_on_request` reads it.
CREATE POLICY opening_read ON infohus.content_request FOR SELECT TO infohus_owner
  USING (authority_id = infohus.caller_authority() AND requested_by = infohus.caller_person());

-- What a request opens: the record itself, and the wraps of its keys. Never a reporter's identity (rule 29) or a
-- protected address (rule 54).
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY[
        'access_request', 'age_statement', 'archive_clearance', 'assessment', 'child_notification',
        'child_notification_step', 'clearance_check',
        'closure', 'concern', 'contribution', 'custody_release', 'exchange', 'first_view',
        'follow_up', 'information', 'information_request', 'invitation', 'journal_reference', 'kept_mark',
        'legal_hold', 'measure', 'note', 'onward_notice', 'recommendation', 'release',
        'restriction', 'scope_decision', 'scope_disagreement', 'screening', 'subject', 'withdrawal'
    ]
    LOOP
        EXECUTE format(
            'CREATE POLICY supervised_on_request ON infohus.%I FOR SELECT TO infohus_app'
            ' USING (infohus.opens_on_request(id, record_version, %L))', kind, kind
        );
    END LOOP;
END
$$;
