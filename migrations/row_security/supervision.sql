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
