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

-- Appending takes the log's lock first, and the transaction holds it, so two calls follow one another.
--
-- `carried` are entries that say again what the emptied ones say of rows: the same table, key, revision and digest, and
-- nothing else. So nobody can forge an entry on a row this way, and one that is left out shows as a row of no log.
CREATE FUNCTION audit.empty(of_log uuid, start bigint, stop bigint, new_entry bytea, carried bytea[] DEFAULT '{}')
  RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
        place bigint;
        said jsonb := convert_from(new_entry, 'UTF8')::jsonb;
        range jsonb := said -> 'emptied';
        emptied bigint;
        one bytea;
    BEGIN
        IF said ->> 'action' <> 'emptyLogEntries' OR said -> 'wrote' <> '[]' THEN
            RAISE EXCEPTION 'the entry says something else' USING ERRCODE = 'check_violation';
        END IF;
        FOREACH one IN ARRAY carried LOOP
            said := convert_from(one, 'UTF8')::jsonb;
            IF said ->> 'action' <> 'carryRowDigests' OR said -> 'persons' <> '[]' OR said -> 'opened' <> '[]'
               OR EXISTS (
                SELECT w -> 'table', w -> 'key', w -> 'revision', w -> 'digest', w ->> 'verb'
                FROM jsonb_array_elements(said -> 'wrote') w
                EXCEPT
                SELECT w -> 'table', w -> 'key', w -> 'revision', w -> 'digest', 'carry'
                FROM audit.leaf l, jsonb_array_elements(convert_from(l.entry, 'UTF8')::jsonb -> 'wrote') w
                WHERE l.log_id = of_log AND l.index >= start AND l.index < stop
            ) THEN
                RAISE EXCEPTION 'an entry carries what was not said' USING ERRCODE = 'check_violation';
            END IF;
            PERFORM audit.append(of_log, one);
        END LOOP;
        place := audit.append(of_log, new_entry);
        IF stop - start NOT BETWEEN 1 AND 4096 THEN
            RAISE EXCEPTION 'between 1 and 4096 entries are emptied at a time' USING ERRCODE = 'check_violation';
        END IF;
        IF ((range ->> 'start')::bigint, (range ->> 'stop')::bigint) IS DISTINCT FROM (start, stop) THEN
            RAISE EXCEPTION 'the entry says another range' USING ERRCODE = 'check_violation';
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
  audit.let_only_empty(), audit.empty(uuid, bigint, bigint, bytea, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.kept_since(uuid), audit.emptiable(uuid, timestamptz),
  audit.empty(uuid, bigint, bigint, bytea, bytea[]) TO infohus_retention;
