-- The function that appends to the audit log: run after audit.sql.
--
-- It adds a last field, `tally`, to an entry that names persons: for each of them, in order, [number, chain].
-- The number counts the authority's entries on the person, on the entry's track, from 1. The chain is SHA-256(previous
-- chain ‖ core), the first after 32 zero bytes; the core is the leaf hash of the entry without this field. Who has all
-- cores sees whether an entry is missing.
--
-- It refuses what is no entry of format 2, which verification would name for ever: what is no JSON, says another version
-- or log, has other fields, a tally of its own among them, or one of another type, has bytes after its last brace, is of no
-- moment of the years 2000 to 2099 in UTC, names a written row without a key or by no 64-bit revision, or names a person by
-- anything but 22 characters of base64url, or twice; and what is of more than an hour ahead, since that entry and all after
-- it could not be emptied for as long. So is one whose fields, or those of a row, stand in another order or with one more.
-- What an entry says may still be untrue: docs/trust.md.
--
-- Nor is there a second spelling of what an entry says. PostgreSQL writes a value in one way, with a space behind each
-- colon and comma of the structure: what is longer than that without these spaces holds one more, a name twice, or a letter
-- escaped that can stand as it is. Numbers are looked for as PostgreSQL writes them, ids compared with how it writes them.
--
-- Of the application it takes no entry for another authority than the one it acts for, none of what was emptied or is
-- carried, which audit.empty says, none of what the operator does, in the installation's log none that says who acted, or names a case, a person or a row,
-- and none of another moment than now, two minutes more or less by the server's clock, once it holds the log's lock: a log
-- in which nothing happens cannot be dated back. A log that is nobody's is not asked; verification names the log itself.
--
-- A transaction appends once as a rule, and in each PostgreSQL looks up every function and operator used here anew, and
-- its owner's right to it; what holds a sub-select is a query of its own. So the function uses few of them, lists the
-- fields twice instead of making a list anew, asks for all types in one path, and has no regular expression, which is
-- compiled anew each time.
-- Of several entries each stands behind the one before, as if appended by itself; none is where one is refused. What is done once for all of them is the look-up of functions, the lock, and the
-- reading and writing of the frontier. It returns the index of the last.
CREATE FUNCTION audit.append(to_log uuid, VARIADIC new_entries bytea[]) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
        new_entry bytea;
        content text;
        said jsonb;
        moment text;
        on_track text;
        named text;
        whose text;
        are_several boolean := cardinality(new_entries) > 1;
        cores bytea[];
        said_of_each text[];
        acts_for text;
        persons text[];
        earliest timestamptz;
        latest timestamptz;
        revisions text;
        opened_rows text;
        opened integer;
        wrote integer;
        spaces integer;
        node bytea;
        position bigint;
        frontier bytea;
        completed bytea;
        carry bigint;
        whom text;
        number bigint;
        chained bytea;
        tally text;
        place integer := 0;
    BEGIN
        FOREACH new_entry IN ARRAY new_entries LOOP
            content := convert_from(new_entry, 'UTF8');
            said := content::jsonb;
            moment := said ->> 'at';
            on_track := said ->> 'track';
            named := said -> 'persons';
            revisions := jsonb_path_query_array(said, '$.wrote[*].revision');
            opened_rows := translate(jsonb_path_query_array(said, '$.opened[*].row')::text, '[]" ', '{}');
            opened := jsonb_array_length(said -> 'opened');
            wrote := jsonb_array_length(said -> 'wrote');
            spaces := 0;
            IF said ?| '{part, asked, read, emptied, counted}'::text[] THEN
                spaces := audit.require_rarer_fields(said, content);
            END IF;
            IF content NOT LIKE concat('{"v"_2,"at":"%","log":"%","caller":%,"authority":%,"role":%,"assurance":%,',
                 '"action":"%","subject_kind":"%","subject":%,"case":%,"outcome":"%","reason":%,"policies":[%],',
                 '"policy_set":"%","justification":%,"purpose":%,"recipients":[%],"track":"%","persons":[%],"opened":[',
                 rtrim(repeat('{"table":"%","column":"%","row":"%"},', opened), ','), '],"wrote":[',
                 CASE WHEN wrote > 0 THEN concat('{"verb":"%","table":"%","key":["%"],"revision":',
                   replace(btrim(revisions, '[]'), ', ',
                     ',"digest":%,"was":%},{"verb":"%","table":"%","key":["%"],"revision":'),
                   ',"digest":%,"was":%}') END, '],"correlation":"%","nonce":"%"%}')
               OR revisions LIKE '%.%'
               OR octet_length(said::text) - length(new_entry) IS DISTINCT FROM spaces + 47 + 6 * opened + 11 * wrote
                 - least(opened, 1) - least(wrote, 1) + jsonb_array_length(jsonb_path_query_array(said,
                   '$.wrote[*].key[*]')) + greatest(jsonb_array_length(said -> 'policies'), 1)
                 + greatest(jsonb_array_length(said -> 'recipients'), 1)
                 + greatest(jsonb_array_length(said -> 'persons'), 1) - 3
               OR strpos(content, '\u') > 0 AND content ~ '(^|[^\\])(\\\\)*\\u(?!00[01][0-9a-f])'
               OR get_byte(new_entry, length(new_entry) - 1) <> ascii('}')
               OR said ->> 'log' IS DISTINCT FROM to_log::text
               OR NOT said ?& '{v, at, log, caller, authority, role, assurance, action, subject_kind, subject, case,
                 outcome, reason, policies, policy_set, justification, purpose, recipients, track, persons, opened,
                 wrote, correlation, nonce}'::text[]
               OR said - '{v, at, log, caller, authority, role, assurance, action, subject_kind, subject, case, outcome,
                 reason, policies, policy_set, justification, purpose, recipients, track, persons, opened, wrote,
                 correlation, nonce, part, asked, read, emptied, counted}'::text[] <> '{}'
               OR on_track IS NULL OR on_track NOT IN ('ordinary', 'pet')
               OR named <> '[]' AND named NOT LIKE '["_%"]'
               OR moment NOT LIKE '20%' OR translate(moment, '123456789', '000000000') <> ALL (
                 '{0000-00-00T00:00:00Z, 0000-00-00T00:00:00.000000Z}'::text[])
               OR moment LIKE '%T24%' OR moment LIKE '%_:60%' OR moment LIKE '%.000000Z'
               OR (moment::timestamptz <= now() + '1 hour'::interval) IS NOT TRUE
               OR concat_ws(',', (said ->> 'caller')::uuid, (said ->> 'subject')::uuid, (said ->> 'case')::uuid)
                 <> concat_ws(',', said ->> 'caller', said ->> 'subject', said ->> 'case')
               OR opened > 0 AND (length(opened_rows) <> 37 * opened + 1
                 OR opened_rows::uuid[]::text <> opened_rows)
               OR (said @@ '($.authority.type() == "string" || $.authority.type() == "null")
                 && ($.role.type() == "string" || $.role.type() == "null") && ($.assurance.type() == "string"
                   || $.assurance.type() == "null")
                 && ($.caller.type() == "string" && !($.caller starts with "{") || $.caller.type() == "null")
                 && ($.subject.type() == "string" && !($.subject starts with "{") || $.subject.type() == "null")
                 && ($.case.type() == "string" && !($.case starts with "{") || $.case.type() == "null")
                 && $.action.type() == "string" && $.subject_kind.type() == "string" && $.outcome.type() == "string"
                 && ($.outcome == "allowed" || $.outcome == "denied" || $.outcome == "refused" || $.outcome == "failed")
                 && ($.reason.type() == "null" || $.reason.type() == "string")
                 && $.policies.type() == "array" && !($.policies[*].type() != "string") && $.policy_set.type() == "string"
                 && ($.justification.type() == "null" || $.justification.type() == "string")
                 && ($.purpose.type() == "string" || $.purpose.type() == "null")
                 && $.recipients.type() == "array" && !($.recipients[*].type() != "string")
                 && $.correlation.type() == "string" && $.nonce.type() == "string"
                 && $.opened.type() == "array" && !($.opened[*].type() != "object") && !exists($.opened[*] ? (!(
                   @.table.type() == "string" && @.column.type() == "string" && @.row.type() == "string"
                   && !(@.row starts with "{"))))
                 && !exists($.opened[*].keyvalue() ? (@.key != "table" && @.key != "column" && @.key != "row"))
                 && !exists($.wrote[*].keyvalue() ? (@.key != "verb" && @.key != "table" && @.key != "key"
                   && @.key != "revision" && @.key != "digest" && @.key != "was"))
                 && $.wrote.type() == "array" && !($.wrote[*].type() != "object") && !exists($.wrote[*] ? (!(
                   @.verb.type() == "string" && @.table.type() == "string"
                   && @.key.type() == "array" && @.key.size() > 0 && !(@.key[*].type() != "string")
                   && @.revision.type() == "number" && @.revision > 0 && @.revision < 9223372036854775808
                   && @.revision.floor() == @.revision && (@.digest.type() == "null" || @.digest.type() == "string")
                   && (@.was.type() == "null" || @.was.type() == "string"))))') IS NOT TRUE THEN
                RAISE EXCEPTION 'this is no entry of format 2' USING ERRCODE = 'invalid_parameter_value';
            END IF;
            earliest := least(earliest, moment::timestamptz);
            latest := greatest(latest, moment::timestamptz);
            IF session_user = 'infohus_app' AND (
                coalesce(said ->> 'authority', '') <> coalesce(current_setting('infohus.authority', true), '')
                OR said ->> 'action' IN ('emptyLogEntries', 'carryRowDigests', 'loadPlan', 'loadTemplate',
                  'makeIntakeKeys', 'registerCoordinator', 'removeCoordinator', 'replaceSigner', 'setLogRetention',
                  'withdrawKeysAgain')
                OR coalesce(said ->> 'authority', '') = '' AND (said -> 'wrote' <> '[]' OR said -> 'opened' <> '[]'
                  OR named <> '[]' OR num_nulls(said ->> 'caller', said ->> 'role', said ->> 'case') < 3)
            ) THEN
                RAISE EXCEPTION 'the application does not say this in this log' USING ERRCODE = 'insufficient_privilege';
            END IF;
            node := sha256('\x00'::bytea || new_entry);
            acts_for := coalesce(said ->> 'authority', '');
            IF are_several THEN
                cores := cores || node;
                said_of_each := said_of_each || ARRAY[[acts_for, on_track, named]];
            END IF;
        END LOOP;
        -- Held until COMMIT, which the caller sends in the same message. Everyone waits here and not for the row, whose
        -- waiters are woken more often. The next statement sees what was committed meanwhile. PERFORM would be a query.
        whom := pg_advisory_xact_lock(hashtextextended(to_log::text, 58));
        SELECT f.size, f.hashes, l.authority INTO STRICT position, frontier, whose
        FROM audit.frontier f JOIN audit.log l ON l.id = f.log_id WHERE f.log_id = to_log;
        IF session_user = 'infohus_app' THEN
            IF whose IS DISTINCT FROM NULLIF(current_setting('infohus.authority', true), '') THEN
                RAISE EXCEPTION 'the log is another authority''s' USING ERRCODE = 'insufficient_privilege';
            END IF;
            -- What waited for the lock is asked when it has it: whoever holds the lock could let a dated entry wait.
            IF (earliest < clock_timestamp() - '2 minutes'::interval OR latest > clock_timestamp() + '2 minutes'::interval)
               AND (whose IS NOT NULL OR to_log = '00000000-0000-0000-0000-000000000000'::uuid) THEN
                RAISE EXCEPTION 'the entry is of another moment than now' USING ERRCODE = 'invalid_parameter_value';
            END IF;
        END IF;
        FOREACH new_entry IN ARRAY new_entries LOOP
            IF are_several THEN
                place := place + 1;
                node := cores[place];
                acts_for := said_of_each[place][1];
                on_track := said_of_each[place][2];
                named := said_of_each[place][3];
                tally := NULL;
            END IF;
            persons := string_to_array(substr(named, 3, greatest(length(named) - 4, 0)), '", "');
            IF acts_for <> '' AND acts_for IS DISTINCT FROM whose THEN
                RAISE EXCEPTION 'the entry names another authority' USING ERRCODE = 'invalid_parameter_value';
            END IF;
            FOREACH whom IN ARRAY persons LOOP
                -- 16 bytes in base64url. White space counts for nothing in base64, and so do '+', '/' and '=' here.
                IF length(whom) <> 22 OR length(decode(translate(whom, '-_+/=', '+/   ') || '==', 'base64')) <> 16 THEN
                    RAISE EXCEPTION 'a person is no log id' USING ERRCODE = 'invalid_parameter_value';
                END IF;
                UPDATE audit.tally t SET entries = t.entries + 1, chain = sha256(t.chain || node)
                WHERE t.log_id = to_log AND t.authority = acts_for AND t.person = whom AND t.track = on_track
                RETURNING t.entries, t.chain INTO number, chained;
                IF NOT FOUND THEN
                    INSERT INTO audit.tally AS t
                    VALUES (to_log, acts_for, whom, on_track, 1, sha256(decode(repeat('00', 32), 'hex') || node))
                    RETURNING t.entries, t.chain INTO number, chained;
                END IF;
                tally := concat_ws(',', tally, format('[%s,"%s"]', number, encode(chained, 'hex')));
            END LOOP;
            IF tally IS NOT NULL THEN
                -- In the place of the entry's last byte, which ends it again.
                new_entry := overlay(
                  new_entry PLACING convert_to(format(',"tally":[%s]}', tally), 'UTF8') FROM length(new_entry));
                node := sha256('\x00'::bytea || new_entry);
                IF cardinality(persons) > 1 THEN
                    IF cardinality(persons) <> (SELECT count(DISTINCT one) FROM unnest(persons) one) THEN
                        RAISE EXCEPTION 'the entry names a person twice' USING ERRCODE = 'invalid_parameter_value';
                    END IF;
                END IF;
            END IF;
            IF length(new_entry) > 65535 THEN
                RAISE EXCEPTION 'the entry is too large' USING ERRCODE = 'invalid_parameter_value';
            END IF;
            completed := node;
            carry := position;
            WHILE carry & 1 = 1 LOOP
                node := sha256('\x01'::bytea || substring(frontier FROM length(frontier) - 31) || node);
                frontier := substring(frontier FROM 1 FOR length(frontier) - 32);
                completed := completed || node;
                carry := carry >> 1;
            END LOOP;
            frontier := frontier || node;
            IF are_several AND place < cardinality(cores) THEN
                INSERT INTO audit.leaf VALUES (to_log, position, new_entry, completed);
            ELSE
                WITH appended AS (INSERT INTO audit.leaf VALUES (to_log, position, new_entry, completed))
                UPDATE audit.frontier f SET size = position + 1, hashes = frontier WHERE f.log_id = to_log;
            END IF;
            position := position + 1;
        END LOOP;
        RETURN position - 1;
    END
    $$;

REVOKE EXECUTE ON FUNCTION audit.append(uuid, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.append(uuid, bytea[]) TO infohus_app;
