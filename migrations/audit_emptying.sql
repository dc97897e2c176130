-- Emptying the audit log (rule 62): run after audit.sql.
--
-- Old entries may be emptied in one way only: `entry` becomes NULL, nothing else changes, and the newest entry of the
-- same log says so. The hashes stay, so every proof stays valid.
CREATE FUNCTION audit.kept_since(of_log uuid) RETURNS timestamptz
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
        RETURN now() - make_interval(years => coalesce(
            (SELECT r.years FROM audit.retention r WHERE r.log_id = of_log), 5));
    END
    $$;

CREATE FUNCTION audit.moment_of(entry bytea) RETURNS timestamptz
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
        RETURN (convert_from(entry, 'UTF8')::jsonb ->> 'at')::timestamptz;
    END
    $$;

-- What may be emptied: from the first entry that is not emptied up to the first that is too young.
CREATE FUNCTION audit.emptiable(of_log uuid, before timestamptz)
  RETURNS TABLE (start bigint, stop bigint, earliest timestamptz, latest timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
        above bigint;
        middle bigint;
        found record;
    BEGIN
        SELECT 0, f.size INTO STRICT start, above FROM audit.frontier f WHERE f.log_id = of_log;
        WHILE start < above LOOP
            middle := (start + above) / 2;
            IF (SELECT l.entry IS NULL FROM audit.leaf l WHERE l.log_id = of_log AND l.index = middle) THEN
                start := middle + 1;
            ELSE
                above := middle;
            END IF;
        END LOOP;
        stop := start;
        FOR found IN
            SELECT audit.moment_of(l.entry) AS at FROM audit.leaf l
            WHERE l.log_id = of_log AND l.index >= start ORDER BY l.index
        LOOP
            EXIT WHEN found.at IS NULL OR found.at >= before;
            stop := stop + 1;
            earliest := least(earliest, found.at);
            latest := greatest(latest, found.at);
        END LOOP;
        RETURN NEXT;
    END
    $$;

-- Lets an UPDATE empty only what the newest entry says. It reads nothing but the rows, so it binds every caller alike.
CREATE FUNCTION audit.let_only_empty() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
        newest jsonb;
        place bigint;
    BEGIN
        IF NEW.entry IS NULL AND OLD.entry IS NOT NULL
           AND (NEW.log_id, NEW.index, NEW.hashes) = (OLD.log_id, OLD.index, OLD.hashes) THEN
            SELECT convert_from(l.entry, 'UTF8')::jsonb, l.index INTO newest, place
            FROM audit.frontier f JOIN audit.leaf l ON l.log_id = f.log_id AND l.index = f.size - 1
            WHERE f.log_id = OLD.log_id;
            IF newest ->> 'action' = 'emptyLogEntries' AND newest ->> 'outcome' = 'allowed'
               AND (newest ->> 'log')::uuid = OLD.log_id
               AND (newest ->> 'at')::timestamptz BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'
               AND OLD.index >= (newest -> 'emptied' ->> 'start')::bigint
               AND OLD.index < (newest -> 'emptied' ->> 'stop')::bigint
               AND (newest -> 'emptied' ->> 'stop')::bigint <= place
               AND (newest -> 'emptied' ->> 'before')::timestamptz <= audit.kept_since(OLD.log_id)
               AND audit.moment_of(OLD.entry) < (newest -> 'emptied' ->> 'before')::timestamptz THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$;

-- The newest word of a range of entries on each row that one of them wrote: what was not allowed wrote nothing.
CREATE FUNCTION audit.newest_words(of_log uuid, start bigint, stop bigint)
  RETURNS TABLE (word jsonb, at timestamptz)
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT DISTINCT ON (w -> 'table', w -> 'key') w, (e ->> 'at')::timestamptz
    FROM audit.leaf l, convert_from(l.entry, 'UTF8') c, jsonb(c) e, jsonb_array_elements(e -> 'wrote') w
    WHERE l.log_id = of_log AND l.index >= start AND l.index < stop AND e ->> 'outcome' = 'allowed'
    ORDER BY w -> 'table', w -> 'key', l.index DESC, (w ->> 'revision')::bigint DESC
    $$;

-- Whether an entry is one of this action on this log and says nothing else: no caller, person, case or text.
CREATE FUNCTION audit.is_of_emptying(said jsonb, of_log uuid, action text) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT said - '{at, wrote, emptied, part, correlation, nonce}'::text[] = jsonb_build_object(
        'v', 2, 'log', of_log, 'caller', NULL, 'authority', NULL, 'role', NULL, 'assurance', NULL, 'action', action,
        'subject_kind', 'log', 'subject', of_log, 'case', NULL, 'outcome', 'allowed', 'reason', NULL,
        'policies', '{}'::text[], 'policy_set', '', 'justification', NULL, 'purpose', 'log_retention',
        'recipients', '{}'::text[], 'track', 'ordinary', 'persons', '{}'::text[], 'opened', '{}'::text[])
      AND (said ->> 'at')::timestamptz BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'
      AND said ->> 'correlation' ~ '^([0-9a-f]{32})?$' AND said ->> 'nonce' ~ '^[A-Za-z0-9_-]{22}$'
    $$;

-- Appending takes the log's lock first, and the transaction holds it, so two calls follow one another.
--
-- `carried` are entries that say again what the emptied ones said last of rows: the same table, key, revision and
-- digest, each once, and nothing else. So nobody can forge an entry on a row this way. Nothing may be left out either:
-- what the range says last of a row is carried, unless that is that it was deleted, or `later` names by its index an
-- entry behind it in the same log that says more of it: a higher revision, or that it was deleted since. What another
-- log says makes nothing superfluous: anybody may have appended it, and it may be emptied first.
CREATE FUNCTION audit.empty(
    of_log uuid, start bigint, stop bigint, new_entry bytea, carried bytea[] DEFAULT '{}', later jsonb DEFAULT '[]'
) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
        place bigint;
        said jsonb := convert_from(new_entry, 'UTF8')::jsonb;
        range jsonb := said -> 'emptied';
        emptied bigint;
        one bytea;
        again jsonb := '[]';
        words jsonb[];
        moments timestamptz[];
    BEGIN
        IF stop - start NOT BETWEEN 1 AND 4096 THEN
            RAISE EXCEPTION 'between 1 and 4096 entries are emptied at a time' USING ERRCODE = 'check_violation';
        END IF;
        IF audit.is_of_emptying(said, of_log, 'emptyLogEntries') IS NOT TRUE OR said -> 'wrote' <> '[]' OR said ? 'part'
           OR range - '{start, stop, before}'::text[] IS DISTINCT FROM '{}' THEN
            RAISE EXCEPTION 'the entry says something else' USING ERRCODE = 'check_violation';
        END IF;
        IF ((range ->> 'start')::bigint, (range ->> 'stop')::bigint) IS DISTINCT FROM (start, stop) THEN
            RAISE EXCEPTION 'the entry says another range' USING ERRCODE = 'check_violation';
        END IF;
        FOREACH one IN ARRAY carried LOOP
            said := convert_from(one, 'UTF8')::jsonb;
            IF audit.is_of_emptying(said, of_log, 'carryRowDigests') IS NOT TRUE OR said ? 'emptied'
               OR said -> 'wrote' = '[]' THEN
                RAISE EXCEPTION 'a carrying entry says something else' USING ERRCODE = 'check_violation';
            END IF;
            again := again || (said -> 'wrote');
            PERFORM audit.append(of_log, one);
        END LOOP;
        place := audit.append(of_log, new_entry);
        SELECT array_agg(n.word), array_agg(n.at) INTO words, moments
        FROM audit.newest_words(of_log, start, stop) n WHERE n.word ->> 'verb' <> 'delete';
        IF EXISTS (
            SELECT w FROM jsonb_array_elements(again) w
            EXCEPT ALL
            SELECT n || '{"verb": "carry", "was": null}' FROM unnest(words) n
        ) THEN
            RAISE EXCEPTION 'an entry carries what was not said' USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            WITH since AS MATERIALIZED (
                SELECT w AS word, (e ->> 'at')::timestamptz AS at
                FROM (SELECT DISTINCT p::bigint AS behind FROM jsonb_array_elements_text(later) p) named
                JOIN audit.leaf l ON l.log_id = of_log AND l.index = behind AND behind >= stop,
                jsonb(convert_from(l.entry, 'UTF8')) e, jsonb_array_elements(e -> 'wrote') w
                WHERE e ->> 'outcome' = 'allowed'
            )
            SELECT n -> 'table', n -> 'key' FROM unnest(words) n
            EXCEPT
            SELECT w -> 'table', w -> 'key' FROM jsonb_array_elements(again) w
            EXCEPT
            SELECT s.word -> 'table', s.word -> 'key'
            FROM since s JOIN unnest(words, moments) n (word, at)
              ON s.word -> 'table' = n.word -> 'table' AND s.word -> 'key' = n.word -> 'key'
            WHERE (s.word ->> 'revision')::bigint > (n.word ->> 'revision')::bigint
               OR s.word ->> 'verb' = 'delete' AND s.at >= n.at
        ) THEN
            RAISE EXCEPTION 'what the range says of a row is not carried' USING ERRCODE = 'check_violation';
        END IF;
        IF start < 0 OR EXISTS (
            SELECT FROM audit.leaf l WHERE l.log_id = of_log AND l.index = start - 1 AND l.entry IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'a log is emptied from its front' USING ERRCODE = 'check_violation';
        END IF;
        UPDATE audit.leaf l SET entry = NULL
        WHERE l.log_id = of_log AND l.index >= start AND l.index < stop AND l.entry IS NOT NULL;
        GET DIAGNOSTICS emptied = ROW_COUNT;
        IF emptied <> stop - start THEN
            RAISE EXCEPTION 'some of it is emptied already' USING ERRCODE = 'check_violation';
        END IF;
        RETURN place;
    END
    $$;

CREATE TRIGGER leaf_is_only_emptied BEFORE UPDATE ON audit.leaf
  FOR EACH ROW EXECUTE FUNCTION audit.let_only_empty();

REVOKE EXECUTE ON FUNCTION audit.kept_since(uuid), audit.moment_of(bytea), audit.emptiable(uuid, timestamptz),
  audit.let_only_empty(), audit.newest_words(uuid, bigint, bigint), audit.is_of_emptying(jsonb, uuid, text),
  audit.empty(uuid, bigint, bigint, bytea, bytea[], jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.kept_since(uuid), audit.emptiable(uuid, timestamptz),
  audit.empty(uuid, bigint, bigint, bytea, bytea[], jsonb) TO infohus_retention;
