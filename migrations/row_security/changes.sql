-- What the application's role changes in rows that are there, so it is run when all tables are: grants say which columns
-- (each floor's file), these triggers how. kernel/access/row_changes.py says the same for whoever compares rows with the
-- logs, and a test compares the two. What the owner's functions and commands write is theirs to say.

-- The moment of the act, which the caller says: refused, as `audit.append` refuses an entry, where it is another than now.
CREATE FUNCTION infohus.acting_now() RETURNS timestamptz
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    moment timestamptz := infohus.acting_at();
  BEGIN
    IF moment < clock_timestamp() - '2 minutes'::interval OR moment > clock_timestamp() + '2 minutes'::interval THEN
      RAISE EXCEPTION 'no act happens at another moment than now' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN moment;
  END
  $$;

-- The columns named by a trigger are null until they are set, and keep what they were set to; a moment is the act's own.
CREATE FUNCTION infohus.is_set_once() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    named text;
  BEGIN
    FOREACH named IN ARRAY TG_ARGV LOOP
      IF after -> named IS DISTINCT FROM before -> named AND (
        before ->> named IS NOT NULL OR named LIKE '%\_at' AND (after ->> named)::timestamptz <> infohus.acting_now()
      ) THEN
        RAISE EXCEPTION 'infohus.%: % is set once, to what the act says', TG_TABLE_NAME, named
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
    END LOOP;
    RETURN NEW;
  END
  $$;

-- The columns named by a trigger are counted up by one when they change.
CREATE FUNCTION infohus.is_counted() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    named text;
  BEGIN
    FOREACH named IN ARRAY TG_ARGV LOOP
      IF (after ->> named)::bigint NOT IN ((before ->> named)::bigint, (before ->> named)::bigint + 1) THEN
        RAISE EXCEPTION 'infohus.%: % counts changes', TG_TABLE_NAME, named
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
    END LOOP;
    RETURN NEW;
  END
  $$;

-- Where a case's stages lead, whatever the act: none leads back.
CREATE FUNCTION infohus.case_moves_on() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF NEW.stage IS DISTINCT FROM OLD.stage AND NOT (
      NEW.stage = 'closed'
      OR (NEW.stage = 'police_alone' AND OLD.stage NOT IN ('closed', 'hindered', 'not_taken_in')
        AND infohus.caller_role() = 'police_coordinator')
      OR (OLD.stage, NEW.stage) IN (
        ('received', 'cleared'), ('received', 'hindered'), ('cleared', 'accepted'), ('cleared', 'not_taken_in'),
        ('cleared', 'police_alone'), ('accepted', 'qualifying'), ('accepted', 'recommending'),
        ('qualifying', 'recommending'), ('acting', 'recommending'), ('recommending', 'acting')
      )
    ) THEN
      RAISE EXCEPTION 'infohus.case: no act leads from % to %', OLD.stage, NEW.stage
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
  END
  $$;

-- Did the police of the infohus take the case over, by a note of theirs that the act makes, at the case's own moment of
-- that?
CREATE FUNCTION infohus.was_taken_over(of_case uuid, at timestamptz) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT EXISTS (
      SELECT FROM infohus.note n
      JOIN infohus."case" c ON c.id = n.case_id
      JOIN infohus.infohus i ON i.id = c.infohus_id AND i.police_id = n.authority_id
      WHERE n.case_id = of_case AND n.kind = 'takeover' AND n.happened_at = c.taken_over_at
        AND n.happened_at = coalesce(at, n.happened_at)
    )
  $$;

-- What a case's stage rests on: the check by the police, or a decision that both authorities signed, or differed on. So
-- nobody who acts for one authority alone moves a case on by what is the other's to do. `at` is the moment at which it
-- was decided, for the step itself; null for whoever compares rows with the logs, long afterwards.
CREATE FUNCTION infohus.stage_rests_on(of_case uuid, stage text, at timestamptz) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT stage = 'received' OR EXISTS (
      SELECT FROM infohus.clearance_check k
      WHERE k.case_id = of_case AND stage = CASE k.outcome WHEN 'nothing_hinders' THEN 'cleared' ELSE 'hindered' END
    ) OR EXISTS (
      SELECT FROM infohus.scope_decision d JOIN infohus.scope_disagreement g ON g.scope_decision_id = d.id
      WHERE d.case_id = of_case AND stage = 'not_taken_in' AND d.differed_at IS NOT NULL
        AND g.authority_id <> d.authority_id AND d.decided_at = coalesce(at, d.decided_at)
    ) OR (stage = 'police_alone' AND infohus.was_taken_over(of_case, at)) OR EXISTS (
      SELECT FROM (
        SELECT d.case_id, d.id, d.content_hash, d.decided_at,
          CASE d.outcome WHEN 'within' THEN 'accepted' WHEN 'outside' THEN 'not_taken_in' ELSE 'police_alone' END
        FROM infohus.scope_decision d WHERE d.differed_at IS NULL
        UNION ALL
        SELECT d.case_id, d.id, d.content_hash, d.decided_at,
          CASE d.outcome WHEN 'recommend' THEN 'recommending' WHEN 'qualify_further' THEN 'qualifying' END
        FROM infohus.screening d
        UNION ALL SELECT d.case_id, d.id, d.content_hash, d.decided_at, 'recommending' FROM infohus.assessment d
        UNION ALL SELECT d.case_id, d.id, d.content_hash, d.decided_at, 'acting' FROM infohus.recommendation d
        UNION ALL SELECT d.case_id, d.id, d.content_hash, d.decided_at, 'closed' FROM infohus.closure d
      ) AS d (case_id, id, content_hash, decided_at, leads_to)
      WHERE d.case_id = of_case AND d.leads_to = stage AND d.decided_at = coalesce(at, d.decided_at) AND (
        SELECT count(DISTINCT s.authority_id) = 2
        FROM infohus.signature s
        JOIN infohus."case" c ON c.id = of_case
        JOIN infohus.infohus i ON i.id = c.infohus_id AND s.authority_id IN (i.municipality_id, i.police_id)
        WHERE s.record_id = d.id AND s.content_hash = d.content_hash AND s.withdrawn_at IS NULL
      )
    )
  $$;

CREATE FUNCTION infohus.case_rests_on_what_was_decided() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF NEW.stage IS DISTINCT FROM OLD.stage AND NOT infohus.stage_rests_on(
      NEW.id, NEW.stage, infohus.acting_at()
    ) THEN
      RAISE EXCEPTION 'infohus.case: nothing was decided that leads to %', NEW.stage
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END
  $$;

-- An obligation is met on a day that has come, no earlier than the last time, and is due again when the plan says.
CREATE FUNCTION infohus.obligation_is_met() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    IF (NEW.fulfilled_on, NEW.due_on) IS DISTINCT FROM (OLD.fulfilled_on, OLD.due_on) AND NOT coalesce(
      NEW.fulfilled_on BETWEEN coalesce(OLD.fulfilled_on, '-infinity')
        AND (infohus.acting_now() AT TIME ZONE 'Europe/Copenhagen')::date
      AND NEW.due_on IS NOT DISTINCT FROM (NEW.fulfilled_on + NEW.every::interval)::date, false
    ) THEN
      RAISE EXCEPTION 'infohus.obligation: it is met on a day that has come, and due when the plan says'
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
  END
  $$;

REVOKE EXECUTE ON FUNCTION
  infohus.acting_now(), infohus.is_set_once(), infohus.is_counted(), infohus.case_moves_on(), infohus.obligation_is_met(),
  infohus.was_taken_over(uuid, timestamptz), infohus.stage_rests_on(uuid, text, timestamptz), infohus.case_rests_on_what_was_decided()
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.acting_now() TO infohus_app;
GRANT EXECUTE ON FUNCTION
  infohus.was_taken_over(uuid, timestamptz), infohus.stage_rests_on(uuid, text, timestamptz) TO infohus_app, infohus_reconciler;

CREATE TRIGGER moves_on BEFORE UPDATE OF stage ON infohus."case"
  FOR EACH ROW WHEN (current_user = 'infohus_app') EXECUTE FUNCTION infohus.case_moves_on();
-- At the end of the transaction, when the decision that it rests on is written too.
CREATE CONSTRAINT TRIGGER rests_on_what_was_decided AFTER UPDATE OF stage ON infohus."case"
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (current_user = 'infohus_app') EXECUTE FUNCTION infohus.case_rests_on_what_was_decided();
CREATE TRIGGER is_met BEFORE UPDATE OF due_on, fulfilled_on ON infohus.obligation
  FOR EACH ROW WHEN (current_user = 'infohus_app') EXECUTE FUNCTION infohus.obligation_is_met();

DO $$
DECLARE
    changed record;
BEGIN
    FOR changed IN
        SELECT * FROM (VALUES
            ('access_request', 'is_set_once', 'answered_at'),
            ('assessment', 'is_set_once', 'exchange_id, decided_at'),
            ('case', 'is_set_once', 'closed_at, outcome, taken_over_at'),
            ('case', 'is_counted', 'version'),
            ('case_side', 'is_counted', 'version'),
            ('closure', 'is_set_once', 'exchange_id, decided_at'),
            ('information_request', 'is_set_once', 'exchange_id, answer, answer_exchange_id, answered_at'),
            ('legal_hold', 'is_set_once', 'lifted_at'),
            ('log_check', 'is_set_once', 'drawn_at, announced_size, note, seed, is_steerable, secret'),
            ('log_check_entry', 'is_set_once', 'review, reviewed_by, reviewed_at'),
            ('log_finding', 'is_set_once', 'answer, answered_at, remedy, outcome, ended_at'),
            ('log_finding', 'is_counted', 'version'),
            ('obligation', 'is_counted', 'version'),
            ('participant', 'is_set_once', 'ended_at'),
            ('recommendation', 'is_set_once', 'exchange_id, decided_at'),
            ('restriction', 'is_set_once', 'lifted_at'),
            ('scope_decision', 'is_set_once', 'exchange_id, decided_at, differed_at'),
            ('screening', 'is_set_once', 'exchange_id, decided_at'),
            ('signature', 'is_set_once', 'withdrawn_at')
        ) AS one (name, how, columns)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %1$s BEFORE UPDATE OF %2$s ON infohus.%3$I FOR EACH ROW '
            'WHEN (current_user = ''infohus_app'') EXECUTE FUNCTION infohus.%1$s(%4$s)',
            changed.how, changed.columns, changed.name,
            (SELECT string_agg(quote_literal(trim(one)), ', ') FROM unnest(string_to_array(changed.columns, ',')) one)
        );
    END LOOP;
END
$$;
