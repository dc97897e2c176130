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
-- of both says? Its log is read by the authorities that draw it in (rule 90).
CREATE FUNCTION infohus.checks_log_of(of_authority text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() = 'data_protection_officer' AND EXISTS (
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

-- The entries of such a log that the caller checks: of whom its own authority drew in, on the cases of those invitations,
-- since it did; and sign-ins, and what was refused without a case. What another authority drew somebody in for is that
-- one's to check, so `place` counts those that are shown: the log's own places, `in_log`, would tell how much lies between
-- (rule 44), and are shown to nobody. Nor is there what the people did with records of which the own authority neither
-- told nor was told, or for PET (rule 85). What came after `before` changes nothing: neither entries nor what was told.
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
        WHERE g.authority = of_authority AND m.at >= since AND m.at < before AND CASE
          WHEN e.says ->> 'case' IS NULL THEN e.says ->> 'action' = 'signIn' OR e.says ->> 'outcome' <> 'allowed'
          ELSE EXISTS (
            SELECT FROM infohus.participant p
            WHERE p.case_id::text = e.says ->> 'case' AND p.person_id::text = e.says ->> 'caller'
              AND p.kind = 'invited' AND p.acts_for = of_authority AND p.authority_id = infohus.caller_authority()
              AND p.begins_at <= m.at
          ) AND (e.says -> 'subject' IN ('null', e.says -> 'case') OR EXISTS (
            SELECT FROM infohus.disclosure d JOIN infohus.exchange x ON x.id = d.exchange_id
            WHERE d.record_id::text = e.says ->> 'subject' AND x.recorded_at < before
              AND infohus.caller_authority() IN (d.discloser_id, d.recipient_id)
          ))
        END AND e.says ->> 'track' = 'ordinary'
      ) c
      WHERE c.counted > after ORDER BY c.counted LIMIT most;
  END
  $$;
