-- What a DPO and legal staff see of cases and exchanges (rule 90): those that their own authority has a part in. The
-- policies that ask these functions are in the files of the tables.

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

-- A case that the caller's authority takes part in, or took part in.
CREATE FUNCTION infohus.supervises_case(of_case uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() IN ('data_protection_officer', 'legal') AND EXISTS (
      SELECT FROM infohus.participant p WHERE p.case_id = of_case AND p.acts_for = infohus.caller_authority()
    );
  END
  $$;

-- What the caller's authority gave or received. What another passed on that it owns, it sees by the notice (rule 16).
CREATE FUNCTION infohus.supervises_exchange(of_exchange uuid, given_by text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() IN ('data_protection_officer', 'legal') AND (
      given_by = infohus.caller_authority() OR EXISTS (
        SELECT FROM infohus.disclosure d
        WHERE d.exchange_id = of_exchange AND d.record_id = of_exchange AND d.recipient_id = infohus.caller_authority()
      )
    );
  END
  $$;

-- PET's requests under PET-loven § 4 to the caller's authority, for its own supervision: when it was asked, when that was
-- noted, and how and when it was answered; not the question (rule 85). A reviewer sees no row of the table.
CREATE FUNCTION infohus.pet_requests(of_infohus uuid)
  RETURNS TABLE (
    id uuid, case_id uuid, asked_by text, asked_at timestamptz, recorded_at timestamptz, answer text,
    answer_exchange_id uuid, answered_at timestamptz
  )
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF infohus.supervises(of_infohus) THEN
      RETURN QUERY
        SELECT r.id, r.case_id, r.asked_by::text, r.asked_at, r.recorded_at, r.answer::text, r.answer_exchange_id,
          r.answered_at
        FROM infohus.information_request r JOIN infohus."case" c ON c.id = r.case_id
        WHERE c.infohus_id = of_infohus AND r.under_pet_loven_4 AND r.asked_of = infohus.caller_authority();
    END IF;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.pet_requests(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.pet_requests(uuid) TO infohus_app;

-- Has the caller, a DPO, asked for this record not long ago, and has the own authority a key of this version, and of no
-- newer one? Without a `kind` the request may be for any: a wrap of a key opens no row of another kind.
CREATE FUNCTION infohus.opens_on_request(of_record uuid, of_version integer, kind text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() = 'data_protection_officer' AND EXISTS (
      SELECT FROM infohus.content_request r
      WHERE r.record_id = of_record AND (kind IS NULL OR r.record_kind = kind)
        AND r.authority_id = infohus.caller_authority() AND r.requested_by = infohus.caller_person()
        AND r.ends_at > infohus.acting_at()
    ) AND of_version = infohus.newest_version(of_record);
  END
  $$;

-- Does the caller, a DPO, check the log of this authority, which has no DPO of its own, as the newest plan of an infohus
-- of both says? Its log is read by the authorities that drew it in, whether that invitation goes on or is over (rule 90).
CREATE FUNCTION infohus.checks_log_of(of_authority text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() = 'data_protection_officer' AND EXISTS (
      SELECT FROM infohus.participant i
      WHERE i.kind = 'invited' AND i.acts_for = of_authority AND i.authority_id = infohus.caller_authority()
        AND i.begins_at <= infohus.acting_at()
    ) AND EXISTS (
      SELECT FROM infohus.plan p JOIN infohus.infohus_authority a ON a.infohus_id = p.infohus_id
      WHERE a.authority_id = infohus.caller_authority() AND a.authority_id <> of_authority
        AND p.document -> 'possible_participant' @> jsonb_build_array(
          jsonb_build_object('id', of_authority, 'has_own_dpo', false))
        AND NOT EXISTS (
          SELECT FROM infohus.plan n WHERE n.infohus_id = p.infohus_id AND n.version > p.version
        )
    );
  END
  $$;

-- An entry as JSON; nothing of what is none. (PostgreSQL 15 has no IS JSON.)
CREATE FUNCTION infohus.as_entry(encoded bytea) RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN convert_from(encoded, 'UTF8')::jsonb;
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN NULL;
  END
  $$;

-- The moment that an entry says; nothing where it says none.
CREATE FUNCTION infohus.moment_of(says jsonb) RETURNS timestamptz
  LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN (says ->> 'at')::timestamptz;
  EXCEPTION WHEN data_exception THEN
    RETURN NULL;
  END
  $$;

-- Did the caller's authority draw in somebody of this authority for a time that this moment lies in? A time begins with
-- the invitation, not with a day before it that it names, and ends when it was ended. Without a case: anybody, anywhere.
CREATE FUNCTION infohus.had_drawn_in(of_authority text, says jsonb, at timestamptz) RETURNS boolean
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN EXISTS (
      SELECT FROM infohus.participant p
      WHERE p.kind = 'invited' AND p.acts_for = of_authority AND p.authority_id = infohus.caller_authority()
        AND greatest(p.begins_at, p.recorded_at) <= at AND at <= coalesce(p.ended_at, p.ends_at)
        AND (says ->> 'case' IS NULL OR p.case_id::text = says ->> 'case' AND p.person_id::text = says ->> 'caller')
    );
  END
  $$;

-- Had the caller's authority told the other of this record by then, and not withdrawn it?
CREATE FUNCTION infohus.had_told(of_authority text, record text, at timestamptz) RETURNS boolean
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN EXISTS (
      SELECT FROM infohus.disclosure d JOIN infohus.exchange x ON x.id = d.exchange_id
      WHERE d.record_id::text = record AND d.recipient_id = of_authority AND d.discloser_id = infohus.caller_authority()
        AND x.recorded_at <= at AND (d.withdrawn_at IS NULL OR at < d.withdrawn_at)
    );
  END
  $$;

-- The entries of such a log that the caller checks. Which they are hangs on what the own authority did, on the plan and on
-- the entry's own words, and on what stood when it was written: never on what a third told, drew in or asked for
-- (rule 44). So these acts, by their names, and no other, of which nobody showed that it does not:
-- * without a case: sign-ins, and what was refused of acts on the installation or an infohus;
-- * on a case, by whom the own authority had drawn in: what is done with the case as a whole, or with a record that the
--   own authority had told of. Of an act in several parts, whose number tells how much was read, the first.
-- `place` counts those that are shown; the log's own places, `in_log`, would tell how much lies between. Nor is there what
-- was done for PET (rule 85).
CREATE FUNCTION infohus.entries_of_institution(
    of_authority text, since timestamptz, before timestamptz, after bigint, most integer
  )
  RETURNS TABLE (place bigint, in_log bigint, entry bytea)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF NOT coalesce(infohus.checks_log_of(of_authority), false) THEN
      RETURN;
    END IF;
    RETURN QUERY
      SELECT c.counted, c.at_index, c.entry FROM (
        SELECT row_number() OVER (ORDER BY l.index) - 1 AS counted, l.index AS at_index, l.entry
        FROM audit.leaf l JOIN audit.log g ON g.id = l.log_id
        CROSS JOIN LATERAL (SELECT infohus.as_entry(l.entry) AS says OFFSET 0) e
        CROSS JOIN LATERAL (SELECT infohus.moment_of(e.says) AS at OFFSET 0) m
        WHERE g.authority = of_authority AND m.at >= since AND m.at < before
          AND e.says ->> 'track' = 'ordinary' AND coalesce(e.says #>> '{part,0}', '1') = '1'
          AND CASE
            WHEN e.says ->> 'case' IS NULL THEN e.says ->> 'action' = 'signIn'
              OR e.says ->> 'outcome' <> 'allowed' AND e.says ->> 'subject_kind' IN ('installation', 'infohus')
            WHEN e.says -> 'subject' IN ('null', e.says -> 'case')
              THEN e.says ->> 'action' IN ('readCase', 'listExchanges', 'noteInformation', 'leaveCase')
            ELSE e.says ->> 'action' IN ('readInformation', 'readConcern', 'readSubject', 'readExchange', 'acknowledgeExchange')
              AND infohus.had_told(of_authority, e.says ->> 'subject', m.at)
          END
          AND infohus.had_drawn_in(of_authority, e.says, m.at)
      ) c
      WHERE c.counted > after ORDER BY c.counted LIMIT most;
  END
  $$;
