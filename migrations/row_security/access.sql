-- What the caller takes part in, and the tables that say so (rules 44 and 45); idempotency keys.
--
-- Row security gives the same answers as the Cedar policies. tests/policies/test_row_security.py compares the answers,
-- and lists where the policies are stricter on purpose. Who the caller is, and whether they take part: caller.sql.
--
-- An invitation's areas say which kinds of record a professional sees: 'information', 'assessment', 'measures',
-- 'exchange'. No invitation has the area 'coordinators', so what asks for it is for tovholdere alone; 'any' asks for no
-- area.
--
-- UPDATE is granted by column, here and in the other files: never on a record's case, owner, regime, or who recorded it
-- when.

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

-- Is the caller a tovholder who is opening this case? It was inserted by the same transaction.
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

-- Does what was passed on rest on a disclosure that stands? One of the exchanges by which its discloser had the version
-- was not withdrawn, and was made by the version's writer, or rests itself on one that stands, and so on (rule 16). For a
-- disclosure that was itself withdrawn: no.
CREATE FUNCTION infohus.rests_on_what_stands(of_exchange uuid, of_record uuid, recipient text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN EXISTS (
      WITH RECURSIVE upwards AS (
        SELECT d.record_id, d.record_version, d.discloser_id, d.via FROM infohus.disclosure d
        WHERE d.exchange_id = of_exchange AND d.record_id = of_record AND d.recipient_id = recipient
          AND d.withdrawn_at IS NULL
        UNION
        SELECT w.record_id, w.record_version, w.discloser_id, w.via FROM upwards u
        JOIN infohus.disclosure w ON w.record_id = u.record_id AND w.record_version = u.record_version
          AND w.recipient_id = u.discloser_id AND w.exchange_id = ANY (u.via) AND w.withdrawn_at IS NULL
      )
      SELECT FROM upwards WHERE cardinality(via) = 0
    );
  END
  $$;

-- Does a disclosure let its recipient read on, though it rests on another, or was withdrawn? It does while it rests on
-- what stands, and where the caller's own authority, the recipient, has marked the record as kept (rule 16).
CREATE FUNCTION infohus.lets_read(of_exchange uuid, of_record uuid, recipient text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.rests_on_what_stands(of_exchange, of_record, recipient)
      OR recipient = infohus.caller_authority() AND EXISTS (
        SELECT FROM infohus.kept_mark k
        WHERE k.exchange_id = of_exchange AND k.authority_id = recipient AND of_record = ANY (k.records)
      );
  END
  $$;

-- Was the record disclosed to the caller's authority by an exchange, and not withdrawn, or is it kept? That an exchange
-- itself was stays known to its recipient; its texts go with their key.
CREATE FUNCTION infohus.was_told(of_record uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN EXISTS (
      SELECT FROM infohus.disclosure d
      WHERE d.record_id = of_record AND d.recipient_id = infohus.caller_authority()
        AND (d.record_kind = 'exchange' OR d.withdrawn_at IS NULL AND cardinality(d.via) = 0
          OR infohus.lets_read(d.exchange_id, d.record_id, d.recipient_id))
    );
  END
  $$;

-- Has the caller's authority a key of this version: because it wrote it, or by an exchange that was not withdrawn
-- or is kept?
CREATE FUNCTION infohus.has_key(of_record uuid, of_version integer) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN EXISTS (
      SELECT FROM infohus.record_key k
      WHERE k.record_id = of_record AND k.record_version = of_version AND k.authority_id = infohus.caller_authority()
    ) OR EXISTS (
      SELECT FROM infohus.disclosure d
      WHERE d.record_id = of_record AND d.recipient_id = infohus.caller_authority()
        AND d.record_version = of_version
        AND (d.withdrawn_at IS NULL AND cardinality(d.via) = 0
          OR infohus.lets_read(d.exchange_id, d.record_id, d.recipient_id))
    );
  END
  $$;

-- The newest version of a record that the caller's authority has a key for: it sees that, and no older or newer one.
CREATE FUNCTION infohus.newest_version(of_record uuid) RETURNS integer
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    authority text := infohus.caller_authority();
  BEGIN
    RETURN GREATEST(
      (SELECT max(k.record_version) FROM infohus.record_key k WHERE k.record_id = of_record AND k.authority_id = authority),
      (SELECT max(d.record_version) FROM infohus.disclosure d
        WHERE d.record_id = of_record AND d.recipient_id = authority
        AND (d.withdrawn_at IS NULL AND cardinality(d.via) = 0
          OR infohus.lets_read(d.exchange_id, d.record_id, d.recipient_id)))
    );
  END
  $$;

-- Is there a later version than this? For a tovholder who signs or changes a joint decision: both need the last one.
CREATE FUNCTION infohus.is_superseded(of_record uuid, of_version integer) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.has_key(of_record, of_version) AND EXISTS (
      SELECT FROM infohus.record_key k
      WHERE k.record_id = of_record AND k.record_version > of_version
        AND infohus.takes_part(k.case_id, 'coordinators')
    );
  END
  $$;

-- The number of a record's next version. Two authorities may each write one that the other does not see.
CREATE FUNCTION infohus.next_version(of_record uuid) RETURNS integer
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN (
      SELECT max(k.record_version) + 1 FROM infohus.record_key k
      WHERE k.record_id = of_record AND infohus.takes_part(k.case_id, 'any')
    );
  END
  $$;

-- May the caller see this record among the case's? A professional invited for single records sees only these, and those
-- they recorded themselves.
CREATE FUNCTION infohus.is_given(of_case uuid, of_record uuid, noted_by uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN noted_by = infohus.caller_person() OR EXISTS (
      SELECT FROM infohus.participant p LEFT JOIN infohus.invitation i ON i.participant_id = p.id
      WHERE p.case_id = of_case
        AND p.person_id = infohus.caller_person()
        AND p.acts_for = infohus.caller_authority()
        AND p.begins_at <= infohus.acting_at() AND coalesce(p.ended_at, p.ends_at, 'infinity') > infohus.acting_at()
        AND (p.kind = 'coordinator' OR cardinality(i.records) = 0 OR of_record = ANY (i.records))
    );
  END
  $$;

-- Does a professional who was drawn in for exchanges read this one, or a notice of one: what others told their authority,
-- and nothing that it told others?
CREATE FUNCTION infohus.reads_what_was_told(of_case uuid, of_record uuid, noted_by uuid, told_by text) RETURNS boolean
  LANGUAGE plpgsql STABLE
  AS $$
  BEGIN
    RETURN infohus.caller_role() = 'invited_professional' AND told_by <> infohus.caller_authority()
      AND infohus.takes_part(of_case, 'exchange') AND infohus.is_given(of_case, of_record, noted_by)
      AND infohus.was_told(of_record);
  END
  $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA infohus FROM PUBLIC;
GRANT USAGE ON SCHEMA infohus TO infohus_app;
-- `/ready` compares the schema's version with the code's.
GRANT SELECT ON infohus.alembic_version TO infohus_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA infohus TO infohus_app;

-- What the functions read. They run as the owner, whom forced row security binds too.
CREATE POLICY functions_read_case ON infohus."case" FOR SELECT TO infohus_owner USING (true);
CREATE POLICY functions_read_participant ON infohus.participant FOR SELECT TO infohus_owner USING (true);
CREATE POLICY functions_read_invitation ON infohus.invitation FOR SELECT TO infohus_owner
  USING (infohus.caller_authority() IS NOT NULL);
CREATE POLICY functions_read_disclosure ON infohus.disclosure FOR SELECT TO infohus_owner USING (true);
CREATE POLICY functions_read_record_key ON infohus.record_key FOR SELECT TO infohus_owner
  USING (infohus.caller_authority() IS NOT NULL);
CREATE POLICY supervising_read ON infohus.exchange FOR SELECT TO infohus_owner
  USING (infohus.caller_role() IN ('data_protection_officer', 'legal'));

GRANT SELECT ON infohus.authority, infohus.infohus, infohus.infohus_authority, infohus.plan, infohus.coordinator
  TO infohus_app;

ALTER TABLE infohus."case" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus."case" TO infohus_app;
GRANT UPDATE (stage, version, closed_at, outcome, taken_over_at) ON infohus."case" TO infohus_app;
CREATE POLICY select_case ON infohus."case" FOR SELECT TO infohus_app
  USING (infohus.takes_part(id, 'any') OR infohus.supervises_case(id));
CREATE POLICY insert_case ON infohus."case" FOR INSERT TO infohus_app
  WITH CHECK (infohus.coordinates(infohus_id));
-- Whoever decides locks the case's row, which needs USING; only a tovholder changes it.
CREATE POLICY update_case ON infohus."case" FOR UPDATE TO infohus_app
  USING (infohus.takes_part(id, 'any'))
  WITH CHECK (infohus.takes_part(id, 'coordinators'));

-- What one authority has of a case, and the persons it knows there: for that authority alone, whatever the command. All
-- its staff may read that the side is there, because an attempt by one who takes no part is logged with it.
ALTER TABLE infohus.case_side ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.case_side TO infohus_app;
GRANT UPDATE (version, ended_at) ON infohus.case_side TO infohus_app;
CREATE POLICY select_case_side ON infohus.case_side FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.caller_person() IS NOT NULL);
CREATE POLICY insert_case_side ON infohus.case_side FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any'));
CREATE POLICY update_case_side ON infohus.case_side FOR UPDATE TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any'));

ALTER TABLE infohus.side_person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- No UPDATE: a person's log id is made once.
GRANT SELECT, INSERT ON infohus.side_person TO infohus_app;
CREATE POLICY select_side_person ON infohus.side_person FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.caller_person() IS NOT NULL);
CREATE POLICY insert_side_person ON infohus.side_person FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any'));

ALTER TABLE infohus.participant ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.participant TO infohus_app;
GRANT UPDATE (ended_at) ON infohus.participant TO infohus_app;
CREATE POLICY select_participant ON infohus.participant FOR SELECT TO infohus_app
  USING (infohus.takes_part(case_id, 'any'));
-- Who works for one of the two tovholdere's authorities reads its side, so the other draws none of them in. A new case
-- gets the tovholdere of both.
CREATE POLICY insert_participant ON infohus.participant FOR INSERT TO infohus_app
  WITH CHECK (
    infohus.caller_authority() = authority_id
    AND (
      infohus.opens(case_id)
      OR (
        infohus.takes_part(case_id, 'coordinators') AND kind = 'invited' AND (
          acts_for = infohus.caller_authority() OR NOT EXISTS (
            SELECT FROM infohus."case" c JOIN infohus.infohus i ON i.id = c.infohus_id
            WHERE c.id = case_id AND acts_for IN (i.municipality_id, i.police_id)
          )
        )
      )
    )
  );
-- An authority may end the participation of whom it drew in, and a professional their own: not later than now.
CREATE POLICY update_participant ON infohus.participant FOR UPDATE TO infohus_app
  USING (
    kind = 'invited'
    AND authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
  )
  WITH CHECK (
    kind = 'invited'
    AND authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND ended_at <= infohus.acting_at()
  );
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
    AND ended_at <= infohus.acting_at()
  );

-- What for: for the authority that drew the person in, and for the person.
ALTER TABLE infohus.invitation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.invitation TO infohus_app;
CREATE POLICY select_invitation ON infohus.invitation FOR SELECT TO infohus_app
  USING (
    (
      authority_id = infohus.caller_authority()
      OR (person_id = infohus.caller_person() AND acts_for = infohus.caller_authority())
    )
    AND infohus.takes_part(case_id, 'any')
  );
CREATE POLICY insert_invitation ON infohus.invitation FOR INSERT TO infohus_app
  WITH CHECK (
    authority_id = infohus.caller_authority()
    AND infohus.takes_part(case_id, 'coordinators')
    AND EXISTS (
      SELECT FROM infohus.participant p WHERE p.id = participant_id AND p.authority_id = infohus.caller_authority()
    )
  );

ALTER TABLE infohus.disclosure ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.disclosure TO infohus_app;
-- For the recipient and the discloser: what was disclosed past an authority is not told to it, by the same exchange or
-- another.
CREATE POLICY select_disclosure ON infohus.disclosure FOR SELECT TO infohus_app
  USING (
    (recipient_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any'))
    OR (discloser_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'coordinators'))
    OR (
      infohus.caller_authority() IN (discloser_id, recipient_id)
      AND infohus.caller_role() IN ('data_protection_officer', 'legal')
    )
  );
-- A row lets its recipient see the record, so no authority may insert one for itself; nor one in another's name, who
-- would see it.
CREATE POLICY insert_disclosure ON infohus.disclosure FOR INSERT TO infohus_app
  WITH CHECK (
    recipient_id <> infohus.caller_authority() AND discloser_id = infohus.caller_authority()
    AND infohus.tells(case_id, exchange_id, record_id, recipient_id)
  );

ALTER TABLE infohus.record_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.record_key TO infohus_app;
CREATE POLICY select_record_key ON infohus.record_key FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any'));
CREATE POLICY supervised_on_request ON infohus.record_key FOR SELECT TO infohus_app
  USING (authority_id = infohus.caller_authority() AND infohus.opens_on_request(record_id, record_version, NULL));
CREATE POLICY insert_record_key ON infohus.record_key FOR INSERT TO infohus_app
  WITH CHECK (authority_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any'));

ALTER TABLE infohus.disclosed_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.disclosed_key TO infohus_app;
CREATE POLICY select_disclosed_key ON infohus.disclosed_key FOR SELECT TO infohus_app
  USING (
    recipient_id = infohus.caller_authority() AND infohus.takes_part(case_id, 'any')
    AND infohus.has_key(record_id, record_version)
  );
CREATE POLICY supervised_on_request ON infohus.disclosed_key FOR SELECT TO infohus_app
  USING (recipient_id = infohus.caller_authority() AND infohus.opens_on_request(record_id, record_version, NULL));
-- An exchange gives another authority a key, never one's own.
CREATE POLICY insert_disclosed_key ON infohus.disclosed_key FOR INSERT TO infohus_app
  WITH CHECK (recipient_id <> infohus.caller_authority() AND infohus.tells(case_id, exchange_id, record_id, recipient_id));

-- Idempotency keys of answered requests, visible to their person alone.
ALTER TABLE infohus.answered_request ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.answered_request TO infohus_app;
CREATE POLICY select_answered_request ON infohus.answered_request FOR SELECT TO infohus_app
  USING (person_id = infohus.caller_person());
CREATE POLICY insert_answered_request ON infohus.answered_request FOR INSERT TO infohus_app
  WITH CHECK (person_id = infohus.caller_person());
