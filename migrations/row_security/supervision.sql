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

-- Who first disclosed a record: its owner, for nobody else can pass on what no exchange has brought.
CREATE FUNCTION infohus.first_disclosed_by(of_record uuid) RETURNS text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN (
      SELECT e.authority_id FROM infohus.disclosure d JOIN infohus.exchange e ON e.id = d.exchange_id
      WHERE d.record_id = of_record ORDER BY e.recorded_at, e.id LIMIT 1
    );
  END
  $$;

-- Is it an exchange at PET's request, of which the caller's authority is to see nothing: neither asked nor told (rule 85)?
CREATE FUNCTION infohus.is_anothers_for_pet(of_exchange uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN EXISTS (
      SELECT FROM infohus.exchange e
      WHERE e.id = of_exchange AND e.paragraph = 'pet-loven-4'
        AND infohus.caller_authority() <> e.authority_id AND infohus.caller_authority() <> ALL (e.recipients)
    );
  END
  $$;

-- What the caller's authority gave, received, or owns and another passed on (rule 90).
CREATE FUNCTION infohus.supervises_disclosure(of_exchange uuid, of_record uuid, recipient text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() IN ('data_protection_officer', 'legal') AND (
      recipient = infohus.caller_authority()
      OR (SELECT e.authority_id FROM infohus.exchange e WHERE e.id = of_exchange) = infohus.caller_authority()
      OR infohus.first_disclosed_by(of_record) = infohus.caller_authority()
    ) AND NOT infohus.is_anothers_for_pet(of_exchange);
  END
  $$;

CREATE FUNCTION infohus.supervises_exchange(of_exchange uuid, given_by text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.caller_role() IN ('data_protection_officer', 'legal') AND (
      given_by = infohus.caller_authority() OR EXISTS (
        SELECT FROM infohus.disclosure d
        WHERE d.exchange_id = of_exchange AND d.record_id <> of_exchange
          AND infohus.supervises_disclosure(of_exchange, d.record_id, d.recipient_id)
      ) OR EXISTS (
        SELECT FROM infohus.disclosure d
        WHERE d.exchange_id = of_exchange AND d.recipient_id = infohus.caller_authority()
      )
    ) AND NOT infohus.is_anothers_for_pet(of_exchange);
  END
  $$;
