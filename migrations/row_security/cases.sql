-- Persons, information, signatures, exchanges and their receipts. The own authority sees them, the other one what an
-- exchange disclosed; a protected address is never disclosed.

ALTER TABLE infohus.subject ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.subject TO infohus_app;
CREATE POLICY select_subject ON infohus.subject FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, 'coordinators')
    AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
  );
CREATE POLICY insert_subject ON infohus.subject FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.age_statement ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.age_statement TO infohus_app;
CREATE POLICY select_age_statement ON infohus.age_statement FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'coordinators') AND authority_id = infohus.caller_authority());
-- For those who may see the person, as its own row security says.
CREATE POLICY insert_age_statement ON infohus.age_statement FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND EXISTS (SELECT FROM infohus.subject p WHERE p.id = subject_id)
  );

ALTER TABLE infohus.protected_address ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.protected_address TO infohus_app;
CREATE POLICY select_protected_address ON infohus.protected_address FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'coordinators') AND authority_id = infohus.caller_authority());
CREATE POLICY insert_protected_address ON infohus.protected_address FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

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
GRANT UPDATE (withdrawn_at) ON infohus.signature TO infohus_app;
-- Only for those whose authority has a key of the signed version.
CREATE POLICY select_signature ON infohus.signature FOR SELECT TO infohus_app
  USING (
    infohus.takes_part(case_id, CASE record_kind WHEN 'assessment' THEN 'assessment' ELSE 'coordinators' END)
    AND infohus.has_key(record_id, record_version)
  );
CREATE POLICY insert_signature ON infohus.signature FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND person_id = infohus.caller_person()
    AND infohus.takes_part(case_id, 'coordinators')
  );

-- An authority takes its own signature back.
CREATE POLICY update_signature ON infohus.signature FOR UPDATE TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'));

ALTER TABLE infohus.exchange ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.exchange TO infohus_app;
-- At PET's request: the authority that was asked, and PET (rule 85); not even who owns what was passed on.
CREATE POLICY select_exchange ON infohus.exchange FOR SELECT TO infohus_app
  USING (
    (
      infohus.takes_part(case_id, 'coordinators')
      AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
      OR infohus.reads_what_was_told(case_id, id, recorded_by, authority_id)
      OR infohus.supervises_exchange(id, authority_id)
    )
    AND (paragraph <> 'pet-loven-4' OR infohus.caller_authority() = ANY (authority_id || recipients))
  );
-- The first correction since a moment of an exchange that the caller's authority gave or got, or of what that rests on: of
-- each of its records another one that the authority gave or got, by the same discloser and with that very record, or the
-- one by which the discloser had it, and so on, in a part that both told (rules 13 and 87). What the discloser had was wrong whenever it was corrected, also
-- if it was passed on after that, or given to one that takes no part. Nobody learns here of an exchange made past it, and
-- whoever passes something on is not told to the one who corrects.
CREATE FUNCTION infohus.correction_of(of_exchange uuid, since timestamptz) RETURNS uuid
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    own text := infohus.caller_authority();
  BEGIN
    -- Where it told the caller's authority no record beside itself, and was not corrected, there is nothing to follow: the
    -- query below, which finds nothing then, takes ten times as long.
    IF NOT EXISTS (
      SELECT FROM infohus.disclosure d WHERE d.exchange_id = of_exchange AND d.record_kind <> 'exchange'
        AND own IN (d.discloser_id, d.recipient_id)
    ) AND NOT EXISTS (SELECT FROM infohus.exchange x WHERE x.corrects_id = of_exchange)
      AND NOT EXISTS (SELECT FROM infohus.exchange e WHERE e.id = of_exchange AND cardinality(e.given_ids) > 0) THEN
      RETURN NULL;
    END IF;
    RETURN (
      WITH RECURSIVE rests_on AS (
        SELECT told.exchange_id, told.record_id, since AS from_then_on FROM (
          SELECT of_exchange, of_exchange
          UNION ALL
          SELECT d.exchange_id, d.record_id FROM infohus.disclosure d
          WHERE d.exchange_id = of_exchange AND own IN (d.discloser_id, d.recipient_id)
        ) AS told (exchange_id, record_id)
        WHERE EXISTS (
          SELECT FROM infohus.exchange e
          WHERE e.id = of_exchange AND e.authority_id = own
            AND (infohus.takes_part(e.case_id, 'any') OR infohus.supervises_exchange(e.id, e.authority_id))
        ) OR EXISTS (
          SELECT FROM infohus.disclosure d
          WHERE d.exchange_id = of_exchange AND d.record_id = of_exchange
            AND d.recipient_id = own
            AND (infohus.takes_part(d.case_id, 'any') OR infohus.supervises_exchange(d.exchange_id, d.discloser_id))
        )
        UNION
        SELECT w.exchange_id, w.record_id, CASE w.recipient_id WHEN e.authority_id THEN '-infinity' ELSE since END
        FROM infohus.exchange e
        CROSS JOIN unnest(e.given_ids, e.given_versions, e.given_parts) AS given (record_id, record_version, parts)
        JOIN infohus.disclosure w ON w.record_id = given.record_id AND w.parts && string_to_array(given.parts, ',')
          AND (
            w.recipient_id = e.authority_id AND w.record_version = given.record_version
            OR w.discloser_id = e.authority_id
          )
        WHERE e.id = of_exchange AND e.authority_id = own
          AND (infohus.takes_part(e.case_id, 'any') OR infohus.supervises_exchange(e.id, e.authority_id))
        UNION
        SELECT w.exchange_id, w.record_id, CASE WHEN w.exchange_id = ANY (d.via) THEN '-infinity' ELSE since END
        FROM rests_on r
        JOIN infohus.disclosure d ON d.exchange_id = r.exchange_id AND d.record_id = r.record_id
          AND d.record_kind <> 'exchange'
        JOIN infohus.disclosure w ON w.record_id = d.record_id AND w.parts && d.parts
          AND (
            w.exchange_id = ANY (d.via)
            OR (w.discloser_id = d.discloser_id AND own IN (w.discloser_id, w.recipient_id))
          )
      )
      SELECT x.id FROM rests_on r JOIN infohus.exchange x ON x.corrects_id = r.exchange_id
      WHERE x.recorded_at >= r.from_then_on
        -- That PET was told something is not told by its correction either (rule 85).
        AND (x.paragraph <> 'pet-loven-4' OR own = ANY (x.authority_id || x.recipients))
      ORDER BY x.recorded_at LIMIT 1
    );
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.correction_of(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.correction_of(uuid, timestamptz) TO infohus_app;

-- How the caller's authority was told records: by each exchange in which version, whether that lets it read still, and the
-- first correction of the exchange, or of what this very record rests on, as `correction_of` finds it. Of its own records,
-- in `of_cases`, what it told of them itself and corrected; nothing of what PET was told, but of that exchange itself
-- (rule 85). All records of a list are asked for at once, and by a DPO those that it asked to read.
CREATE FUNCTION infohus.told_how(ids uuid[], of_cases uuid[])
  RETURNS TABLE (
    exchange_id uuid, record_id uuid, record_version integer, is_own boolean, stands boolean, correction uuid
  )
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    own text := infohus.caller_authority();
  BEGIN
    RETURN QUERY
      WITH RECURSIVE told AS (
        SELECT d.exchange_id, d.record_id, d.record_version, d.via, d.withdrawn_at FROM infohus.disclosure d
        WHERE d.record_id = ANY (ids) AND d.recipient_id = own AND (
          infohus.takes_part(d.case_id, 'any')
          OR infohus.opens_on_request(d.record_id, d.record_version, d.record_kind)
        )
      ), rests_on AS (
        SELECT t.exchange_id AS told_by, t.exchange_id, t.record_id, NULL::timestamptz AS from_then_on FROM told t
        UNION
        SELECT r.told_by, w.exchange_id, w.record_id, CASE WHEN w.exchange_id = ANY (d.via) THEN '-infinity'::timestamptz END
        FROM rests_on r
        JOIN infohus.disclosure d ON d.exchange_id = r.exchange_id AND d.record_id = r.record_id
        JOIN infohus.disclosure w ON w.record_id = d.record_id AND w.parts && d.parts
          AND (w.exchange_id = ANY (d.via) OR (w.discloser_id = d.discloser_id AND own IN (w.discloser_id, w.recipient_id)))
      )
      SELECT t.exchange_id, t.record_id, t.record_version, false,
        t.withdrawn_at IS NULL
          AND (cardinality(t.via) = 0 OR infohus.rests_on_what_stands(t.exchange_id, t.record_id, own)),
        (
          SELECT x.id FROM rests_on r JOIN infohus.exchange x ON x.corrects_id = r.exchange_id
          WHERE r.told_by = t.exchange_id AND r.record_id = t.record_id
            AND x.recorded_at >= coalesce(
              r.from_then_on, (SELECT e.recorded_at FROM infohus.exchange e WHERE e.id = t.exchange_id)
            )
            AND (x.paragraph <> 'pet-loven-4' OR own = ANY (x.authority_id || x.recipients))
          ORDER BY x.recorded_at LIMIT 1
        )
      FROM told t
      UNION ALL
      SELECT w.id, given.record_id, given.record_version, true, true, x.id
      FROM infohus.exchange x JOIN infohus.exchange w ON w.id = x.corrects_id
      CROSS JOIN LATERAL (
        SELECT d.record_kind, d.record_id, d.record_version FROM infohus.disclosure d
        WHERE d.exchange_id = w.id AND d.discloser_id = own
        UNION
        SELECT * FROM unnest(w.given_kinds, w.given_ids, w.given_versions)
        UNION
        SELECT 'exchange', w.id, w.record_version
      ) AS given (record_kind, record_id, record_version)
      WHERE x.case_id = ANY (of_cases) AND x.authority_id = own AND given.record_id = ANY (ids)
        AND (x.paragraph <> 'pet-loven-4' OR given.record_id = w.id)
        AND (
          infohus.takes_part(x.case_id, 'any')
          OR infohus.opens_on_request(given.record_id, given.record_version, given.record_kind)
        );
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.told_how(uuid[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.told_how(uuid[], uuid[]) TO infohus_app;

-- It runs as the owner, whom forced row security binds too: these rows only.
CREATE POLICY functions_read_correction ON infohus.exchange FOR SELECT TO infohus_owner
  USING (corrects_id IS NOT NULL OR infohus.caller_authority() = ANY (recipients));

-- Whom an attempt of the caller's can mean that names nobody: the two who carry the infohus of its case, and whom the
-- exchange told that it would correct, where the own authority gave that; and the stage that its purpose is left to,
-- which an authority learns no more once its part has ended (rule 44). No row where it has no side in the case. For the
-- entry of the attempt; nothing else asks.
CREATE FUNCTION infohus.meant_by_attempt(of_case uuid, corrected uuid)
  RETURNS TABLE (carriers text[], told text[], stage text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN QUERY
      SELECT ARRAY[i.municipality_id, i.police_id],
        ARRAY(
          SELECT unnest(e.recipients) FROM infohus.exchange e
          WHERE e.id = corrected AND e.case_id = of_case AND e.authority_id = infohus.caller_authority()
        ),
        CASE WHEN EXISTS (
          SELECT FROM infohus.participant p
          WHERE p.case_id = of_case AND p.acts_for = infohus.caller_authority()
            AND p.begins_at <= infohus.acting_at() AND coalesce(p.ended_at, p.ends_at, 'infinity') > infohus.acting_at()
        ) THEN c.stage::text END
      FROM infohus."case" c JOIN infohus.infohus i ON i.id = c.infohus_id
      WHERE c.id = of_case AND EXISTS (
        SELECT FROM infohus.participant p WHERE p.case_id = of_case AND p.acts_for = infohus.caller_authority()
      );
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.meant_by_attempt(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.meant_by_attempt(uuid, uuid) TO infohus_app;

-- Who was drawn in reports danger, and nothing else (rule 84); that they did, they see again, so that it is not done twice.
CREATE POLICY insert_exchange ON infohus.exchange FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND (
      infohus.takes_part(case_id, 'coordinators')
      OR (purpose = 'danger' AND recorded_by = infohus.caller_person() AND infohus.takes_part(case_id, 'any'))
    )
  );
CREATE POLICY select_own_report ON infohus.exchange FOR SELECT TO infohus_app
  USING (
    purpose = 'danger' AND authority_id = infohus.caller_authority() AND recorded_by = infohus.caller_person()
    AND infohus.takes_part(case_id, 'any')
  );
-- It runs as the owner, whom forced row security binds too: these rows only. Who reports danger tells it by that.
CREATE POLICY functions_read_report ON infohus.exchange FOR SELECT TO infohus_owner
  USING (purpose = 'danger' AND authority_id = infohus.caller_authority());

ALTER TABLE infohus.onward_notice ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.onward_notice TO infohus_app;
-- For who passed something on, and for who owns it; the supervision of both sees that it was, to whom and why (rule 90).
CREATE POLICY select_onward_notice ON infohus.onward_notice FOR SELECT TO infohus_app
  USING (
    (
      infohus.takes_part(case_id, 'coordinators')
      AND (authority_id = infohus.caller_authority() OR infohus.was_told(id))
    )
    OR infohus.reads_what_was_told(case_id, id, recorded_by, authority_id)
    OR (
      infohus.caller_role() IN ('data_protection_officer', 'legal')
      AND infohus.caller_authority() IN (authority_id, owner_id)
    )
  );
CREATE POLICY insert_onward_notice ON infohus.onward_notice FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND owner_id <> infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
  );

ALTER TABLE infohus.receipt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.receipt TO infohus_app;
-- For those who may see the exchange, as its own row security says: the discloser sees who has acknowledged, a recipient
-- its own receipt and no other's.
CREATE POLICY select_receipt ON infohus.receipt FOR SELECT TO infohus_app
  USING (
    EXISTS (
      SELECT FROM infohus.exchange e
      WHERE e.id = exchange_id
        AND infohus.caller_authority() IN (e.authority_id, receipt.authority_id)
    )
  );
CREATE POLICY insert_receipt ON infohus.receipt FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND person_id = infohus.caller_person()
    AND infohus.takes_part(case_id, 'exchange')
    AND EXISTS (SELECT FROM infohus.exchange e WHERE e.id = exchange_id)
  );
