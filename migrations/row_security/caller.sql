-- Who acts, and whether they take part in a case; every policy asks one of these (rules 44 and 45).
--
-- The caller and the time are in four settings that are local to the transaction; without them no row is visible.

CREATE FUNCTION infohus.caller_authority() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('infohus.authority', true), '') $$;

CREATE FUNCTION infohus.caller_person() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('infohus.person', true), '')::uuid $$;

CREATE FUNCTION infohus.caller_role() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('infohus.role', true), '') $$;

-- The time by the unit of work's clock, so that the policies and the database use the same one.
CREATE FUNCTION infohus.acting_at() RETURNS timestamptz
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('infohus.now', true), '')::timestamptz $$;

-- Sets the caller and the time until the end of the transaction. A function, so that a query can do it in its own FROM
-- and needs no statement before it. Whom the case was found for before is forgotten.
CREATE FUNCTION infohus.act_as(authority text, person uuid, role text, at timestamptz) RETURNS boolean
  LANGUAGE sql
  AS $$
    SELECT concat(
      set_config('infohus.authority', authority, true), set_config('infohus.person', person::text, true),
      set_config('infohus.role', role, true), set_config('infohus.now', at::text, true),
      set_config('infohus.coordinated', '', true)
    ) IS NOT NULL
  $$;

-- Does the caller take part in the case, with this area? A tovholder has all areas, a professional the invitation's.
-- Whoever is no longer tovholder of the infohus takes part in none of its cases, whatever their rows say (rule 94).
--
-- The settings are read outside of the query, because a query looks up each function and operator, and its owner's right
-- to it, at each call; an expression of its own does so once in a transaction.
CREATE FUNCTION infohus.finds_participation(of_case uuid, area text) RETURNS boolean
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
        JOIN infohus."case" c ON c.id = p.case_id
        JOIN infohus.coordinator t
          ON t.infohus_id = c.infohus_id AND t.authority_id = p.acts_for AND t.person_id = p.person_id
        WHERE p.case_id = of_case AND p.person_id = person AND p.acts_for = authority AND p.kind = 'coordinator'
          AND p.begins_at <= moment AND coalesce(p.ended_at, p.ends_at, 'infinity') > moment;
      IF FOUND THEN
        PERFORM set_config('infohus.coordinated', of_case::text || statement_timestamp()::text, true);
        RETURN true;
      END IF;
    ELSIF role = 'invited_professional' THEN
      PERFORM FROM infohus.participant p LEFT JOIN infohus.invitation i ON i.participant_id = p.id
        WHERE p.case_id = of_case AND p.person_id = person AND p.acts_for = authority AND p.kind = 'invited'
          AND p.begins_at <= moment AND coalesce(p.ended_at, p.ends_at, 'infinity') > moment
          AND (area = 'any' OR area = ANY (i.scope));
      RETURN FOUND;
    END IF;
    RETURN false;
  END
  $$;

-- The same, looked up once in a statement: one recorded exchange asks some nine times. A statement sees the rows as they
-- were when it began, so to ask again would give the same answer; the next one asks anew, for it has another time. The
-- setting is trusted as the other four are: docs/trust.md, infohus_app. In PL/pgSQL, whose expression is prepared once in
-- a transaction and not once for each table of a query; it has no settings of its own, which every call would set.
CREATE FUNCTION infohus.takes_part(of_case uuid, area text) RETURNS boolean
  LANGUAGE plpgsql STABLE
  AS $$
  BEGIN
    RETURN coalesce(
      current_setting('infohus.coordinated', true) = of_case::text || statement_timestamp()::text, false
    ) OR infohus.finds_participation(of_case, area);
  END
  $$;

-- May the caller tell a recipient a record by this exchange? A tovholder any, which keys then limit; who was drawn in only
-- an own report of danger, which is the exchange itself, and only whom it names (rule 84).
CREATE FUNCTION infohus.tells(of_case uuid, of_exchange uuid, of_record uuid, recipient text) RETURNS boolean
  LANGUAGE plpgsql STABLE
  AS $$
  BEGIN
    RETURN infohus.takes_part(of_case, 'coordinators')
      OR of_record = of_exchange AND infohus.reports_danger(of_case, of_exchange, recipient);
  END
  $$;

CREATE FUNCTION infohus.reports_danger(of_case uuid, of_exchange uuid, recipient text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN infohus.takes_part(of_case, 'any') AND EXISTS (
      SELECT FROM infohus.exchange e
      WHERE e.id = of_exchange AND e.case_id = of_case AND e.purpose = 'danger'
        AND e.authority_id = infohus.caller_authority() AND e.recorded_by = infohus.caller_person()
        AND recipient = ANY (e.recipients)
    );
  END
  $$;

-- Is an attempt of the caller's about something on PET's track of its own authority: an exchange or a request that it
-- names, or a request that it would note as PET's? For the entry of the attempt, which stands on that track too, even if
-- the caller may see nothing of it (rules 64 and 85); nothing else asks.
CREATE FUNCTION infohus.is_attempt_on_pets_track(ids uuid[], asking text[]) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    RETURN EXISTS (
      SELECT FROM infohus.exchange e
      WHERE e.id = ANY (ids) AND e.paragraph = 'pet-loven-4' AND e.authority_id = infohus.caller_authority()
    ) OR EXISTS (
      SELECT FROM infohus.information_request r
      WHERE r.id = ANY (ids) AND r.under_pet_loven_4 AND r.authority_id = infohus.caller_authority()
    ) OR EXISTS (
      SELECT FROM infohus.withdrawal w JOIN infohus.exchange e ON e.id = w.exchange_id
      WHERE w.id = ANY (ids) AND e.paragraph = 'pet-loven-4' AND w.authority_id = infohus.caller_authority()
    ) OR EXISTS (
      SELECT FROM infohus.authority a WHERE a.id = ANY (asking) AND a.kind = 'security_service'
    );
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.is_attempt_on_pets_track(uuid[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.is_attempt_on_pets_track(uuid[], text[]) TO infohus_app;
