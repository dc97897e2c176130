-- The steps of a case: who sees, adds and changes each kind of record.
--
-- A record is seen by those of its own authority who take part in its area, and by those of the other authority only
-- when an exchange disclosed it. Of a record that is written anew, each version is a row, and each authority sees the
-- newest that it has a key for. It is inserted in the caller's authority's name. A table without a grant of UPDATE never
-- changes, and a grant names only what tells of later events. A reporter and a withdrawal are never disclosed. What
-- belongs to another record is inserted by those who may see that one.

ALTER TABLE infohus.concern ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.concern TO infohus_app;
CREATE POLICY select_concern ON infohus.concern FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_concern ON infohus.concern FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

-- Counted by its own side alone: an exchange gives no row of it.
ALTER TABLE infohus.concern_form ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.concern_form TO infohus_app;
CREATE POLICY select_concern_form ON infohus.concern_form FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'coordinators') AND authority_id = infohus.caller_authority());
CREATE POLICY insert_concern_form ON infohus.concern_form FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.reporter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.reporter TO infohus_app;
CREATE POLICY select_reporter ON infohus.reporter FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'coordinators') AND authority_id = infohus.caller_authority());
CREATE POLICY insert_reporter ON infohus.reporter FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.reporter_release ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.reporter_release TO infohus_app;
CREATE POLICY select_reporter_release ON infohus.reporter_release FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'coordinators') AND authority_id = infohus.caller_authority());
-- For those who may see the reporter, as its own row security says.
CREATE POLICY insert_reporter_release ON infohus.reporter_release FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND EXISTS (SELECT FROM infohus.reporter r WHERE r.id = reporter_id)
  );

ALTER TABLE infohus.clearance_check ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.clearance_check TO infohus_app;
CREATE POLICY select_clearance_check ON infohus.clearance_check FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_clearance_check ON infohus.clearance_check FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND infohus.caller_role() = 'police_coordinator'
  );

ALTER TABLE infohus.child_notification ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.child_notification TO infohus_app;
CREATE POLICY select_child_notification ON infohus.child_notification FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_child_notification ON infohus.child_notification FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.child_notification_step ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.child_notification_step TO infohus_app;
CREATE POLICY select_child_notification_step ON infohus.child_notification_step FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
-- For those who may see the task, as its own row security says: the municipality takes every step, another authority
-- hands over what it recorded.
CREATE POLICY insert_child_notification_step ON infohus.child_notification_step FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND EXISTS (
      SELECT FROM infohus.child_notification n
      WHERE n.id = notification_id AND (
        infohus.caller_role() = 'municipal_coordinator'
        OR (step = 'handed_over' AND n.authority_id = infohus.caller_authority())
      )
    )
  );

-- Does the caller's authority know of a child, or of somebody who may be one, whose underretning is not handed over? It
-- runs as the caller, whom row security shows the persons, tasks and steps of the own authority and those that were
-- disclosed to it. It asks for the persons, so that a task that is not there, or was not disclosed, ends no waiting; of
-- the persons that others recorded, only the municipality is asked, to whom each underretning goes.
CREATE FUNCTION infohus.awaits_child_notification(of_case uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN EXISTS (
      SELECT FROM (
        SELECT n.subject_id FROM infohus.child_notification n WHERE n.case_id = of_case
        UNION
        SELECT p.id FROM infohus.subject p WHERE p.case_id = of_case AND p.is_under_18_at_receipt AND (
          p.authority_id = infohus.caller_authority() OR infohus.caller_role() = 'municipal_coordinator'
        )
      ) child WHERE coalesce((
        SELECT a.counts_as_child FROM infohus.age_statement a WHERE a.subject_id = child.subject_id
        ORDER BY a.id DESC LIMIT 1
      ), true) AND NOT EXISTS (
        SELECT FROM infohus.child_notification n JOIN infohus.child_notification_step s ON s.notification_id = n.id
        WHERE n.subject_id = child.subject_id AND s.step = 'handed_over'
      )
    );
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.awaits_child_notification(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.awaits_child_notification(uuid) TO infohus_app;

ALTER TABLE infohus.information_request ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.information_request TO infohus_app;
GRANT UPDATE (answer, answer_exchange_id, answered_at, exchange_id) ON infohus.information_request TO infohus_app;
CREATE POLICY select_information_request ON infohus.information_request FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
    OR infohus.reads_what_was_told(case_id, id, recorded_by, authority_id)
  );
CREATE POLICY insert_information_request ON infohus.information_request FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
-- Who was drawn in answers what their authority was asked, unless it has a tovholder who does (rules 8 and 86).
CREATE POLICY update_information_request ON infohus.information_request FOR UPDATE TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
    OR infohus.reads_what_was_told(case_id, id, recorded_by, authority_id) AND EXISTS (
      SELECT FROM infohus.authority a
      WHERE a.id = infohus.caller_authority() AND a.kind NOT IN ('municipality', 'police')
    )
  );

-- `is_attempt_on_pets_track` reads it.
CREATE POLICY functions_read_information_request ON infohus.information_request FOR SELECT TO infohus_owner
  USING (authority_id = infohus.caller_authority() AND under_pet_loven_4);

ALTER TABLE infohus.withdrawal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.withdrawal TO infohus_app;
CREATE POLICY select_withdrawal ON infohus.withdrawal FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'coordinators') AND authority_id = infohus.caller_authority());
-- `is_attempt_on_pets_track` reads it.
CREATE POLICY functions_read_withdrawal ON infohus.withdrawal FOR SELECT TO infohus_owner
  USING (authority_id = infohus.caller_authority());
CREATE POLICY insert_withdrawal ON infohus.withdrawal FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND EXISTS (SELECT FROM infohus.exchange e WHERE e.id = exchange_id AND e.authority_id = infohus.caller_authority())
  );

ALTER TABLE infohus.kept_mark ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- What an authority keeps is its own to know.
GRANT SELECT, INSERT ON infohus.kept_mark TO infohus_app;
CREATE POLICY select_kept_mark ON infohus.kept_mark FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'exchange')
    AND infohus.is_given(case_id, id, recorded_by)
    AND authority_id = infohus.caller_authority()
  );
CREATE POLICY insert_kept_mark ON infohus.kept_mark FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'exchange')
    AND EXISTS (SELECT FROM infohus.exchange e WHERE e.id = exchange_id)
  );
-- For `lets_read`, which runs as the owner.
CREATE POLICY functions_read_kept_mark ON infohus.kept_mark FOR SELECT TO infohus_owner
  USING (authority_id = infohus.caller_authority());

ALTER TABLE infohus.first_view ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- No UPDATE: a view stated before seeing the other authority's is not changed afterwards.
GRANT SELECT, INSERT ON infohus.first_view TO infohus_app;
CREATE POLICY select_first_view ON infohus.first_view FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_first_view ON infohus.first_view FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.scope_decision ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.scope_decision TO infohus_app;
GRANT UPDATE (exchange_id, decided_at, differed_at) ON infohus.scope_decision TO infohus_app;
CREATE POLICY select_scope_decision ON infohus.scope_decision FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );
CREATE POLICY insert_scope_decision ON infohus.scope_decision FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_scope_decision ON infohus.scope_decision FOR UPDATE TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );

ALTER TABLE infohus.scope_disagreement ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.scope_disagreement TO infohus_app;
CREATE POLICY select_scope_disagreement ON infohus.scope_disagreement FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_scope_disagreement ON infohus.scope_disagreement FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND EXISTS (SELECT FROM infohus.scope_decision w WHERE w.id = scope_decision_id)
  );

ALTER TABLE infohus.screening ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.screening TO infohus_app;
GRANT UPDATE (exchange_id, decided_at) ON infohus.screening TO infohus_app;
CREATE POLICY select_screening ON infohus.screening FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );
CREATE POLICY insert_screening ON infohus.screening FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_screening ON infohus.screening FOR UPDATE TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );

GRANT SELECT ON infohus.assessment_template TO infohus_app;

ALTER TABLE infohus.assessment ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.assessment TO infohus_app;
GRANT UPDATE (exchange_id, decided_at) ON infohus.assessment TO infohus_app;
CREATE POLICY select_assessment ON infohus.assessment FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'assessment')
    AND record_version = infohus.newest_version(id)
  );
CREATE POLICY insert_assessment ON infohus.assessment FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_assessment ON infohus.assessment FOR UPDATE TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );

ALTER TABLE infohus.contribution ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.contribution TO infohus_app;
CREATE POLICY select_contribution ON infohus.contribution FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'assessment')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_contribution ON infohus.contribution FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'assessment')
    AND EXISTS (SELECT FROM infohus.assessment w WHERE w.id = assessment_id)
  );

ALTER TABLE infohus.recommendation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.recommendation TO infohus_app;
GRANT UPDATE (exchange_id, decided_at) ON infohus.recommendation TO infohus_app;
CREATE POLICY select_recommendation ON infohus.recommendation FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );
CREATE POLICY insert_recommendation ON infohus.recommendation FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));
CREATE POLICY update_recommendation ON infohus.recommendation FOR UPDATE TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND record_version = infohus.newest_version(id)
  );

ALTER TABLE infohus.measure ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.measure TO infohus_app;
-- For a tovholder, or the professional who carries the measure out.
CREATE POLICY select_measure ON infohus.measure FOR SELECT TO infohus_app
  USING (
    (
      infohus.takes_part(case_id, 'coordinators')
      OR (delivered_by = infohus.caller_person() AND infohus.takes_part(case_id, 'measures'))
    )
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_measure ON infohus.measure FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.follow_up ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.follow_up TO infohus_app;
CREATE POLICY select_follow_up ON infohus.follow_up FOR SELECT TO infohus_app
  USING (
    (
      infohus.takes_part(case_id, 'coordinators')
      OR (delivered_by = infohus.caller_person() AND infohus.takes_part(case_id, 'measures'))
    )
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_follow_up ON infohus.follow_up FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND (
      infohus.takes_part(case_id, 'coordinators')
      OR (delivered_by = infohus.caller_person() AND infohus.takes_part(case_id, 'measures'))
    )
    AND EXISTS (
      SELECT FROM infohus.measure w
      WHERE w.id = measure_id AND w.delivered_by IS NOT DISTINCT FROM follow_up.delivered_by
    )
  );

ALTER TABLE infohus.note ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.note TO infohus_app;
CREATE POLICY select_note ON infohus.note FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
-- Why the police took a case over is theirs to write.
CREATE POLICY insert_note ON infohus.note FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators')
    AND (kind <> 'takeover' OR infohus.caller_role() = 'police_coordinator')
  );
