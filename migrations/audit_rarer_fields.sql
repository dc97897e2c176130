-- What an entry of the log may say in the fields that most entries leave out: audit.append asks it.
--
-- Refuses an entry in which one of them is of another type or says nothing that can be meant, and from the application
-- one that says what was emptied, or counts refusals in an authority's log: those stand in the installation's.
-- It gives how many colons and commas these fields bring with them, by which audit.append knows their one spelling.
CREATE FUNCTION audit.require_rarer_fields(said jsonb, content text) RETURNS integer
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
        moment text;
        counted jsonb := said #> '{counted, refusals}';
        asked integer;
        spaces integer := 0;
    BEGIN
        FOREACH moment IN ARRAY ARRAY[said #>> '{emptied, before}', said #>> '{counted, minute}'] LOOP
            IF moment !~ '^20\d\d-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.(?!000000)\d{6})?Z$'
               OR moment::timestamptz < '2000-01-01Z' THEN
                RAISE EXCEPTION 'this is no entry of format 2' USING ERRCODE = 'invalid_parameter_value';
            END IF;
        END LOOP;
        IF content NOT LIKE concat('%"nonce":"%"', ',"part":' || replace((said -> 'part')::text, ' ', ''),
             CASE WHEN said ? 'asked' THEN ',"asked":{%}' END, ',"read":' || replace((said -> 'read')::text, ' ', ''),
             ',"emptied":{"start":' || (said #>> '{emptied, start}') || ',"stop":' || (said #>> '{emptied, stop}')
               || ',"before":"%"}',
             CASE WHEN said ? 'counted' THEN ',"counted":{"minute":"%","refusals":{%}}' END, '}')
           OR concat(said -> 'part', said -> 'read', said #> '{emptied, start}', said #> '{emptied, stop}',
             jsonb_path_query_array(counted, '$.*')) LIKE '%.%'
           OR counted IS NOT NULL AND content !~ '"refusals":\{("[a-z0-9_-]+":\d+(,(?=")|(?=\})))*\}\}'
           OR (said @@ '
             !exists($.emptied.keyvalue() ? (@.key != "start" && @.key != "stop" && @.key != "before"))
             && !exists($.counted.keyvalue() ? (@.key != "minute" && @.key != "refusals"))
             && (!exists($.part) || $.part.type() == "array" && $.part.size() == 2 && !($.part[*].type() != "number")
               && !exists($.part[*] ? (@.floor() != @)) && $.part[0] >= 1 && $.part[0] <= $.part[1]
               && $.part[1] < 2147483648)
             && (!exists($.asked) || $.asked.type() == "object" && !($.asked.*.type() != "array")
               && !($.asked.*[*].type() != "string"))
             && (!exists($.read) || $.read.type() == "array" && !($.read[*].type() != "array")
               && !($.read[*].size() != 2) && !($.read[*][*].type() != "number")
               && !exists($.read[*][*] ? (@.floor() != @ || @ < 0 || @ >= 9223372036854775808)))
             && (!exists($.emptied) || $.emptied.type() == "object" && $.emptied.before.type() == "string"
               && $.emptied.start.type() == "number" && $.emptied.stop.type() == "number"
               && $.emptied.start.floor() == $.emptied.start && $.emptied.stop.floor() == $.emptied.stop
               && $.emptied.start >= 0 && $.emptied.start < $.emptied.stop && $.emptied.stop < 9223372036854775808)
             && (!exists($.counted) || $.counted.type() == "object" && $.counted.minute.type() == "string"
               && $.counted.refusals.type() == "object" && !($.counted.refusals.*.type() != "number")
               && !exists($.counted.refusals.* ? (@.floor() != @ || @ < 0 || @ >= 9223372036854775808)))') IS NOT TRUE THEN
            RAISE EXCEPTION 'this is no entry of format 2' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF session_user = 'infohus_app' AND (said ? 'emptied' OR said ? 'counted' AND said ->> 'authority' IS NOT NULL)
        THEN
            RAISE EXCEPTION 'the application does not say this in this log' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF counted IS NOT NULL THEN
            spaces := 5 + (SELECT greatest(2 * count(*) - 1, 0) FROM jsonb_object_keys(counted));
        END IF;
        IF said ? 'asked' THEN
            asked := jsonb_array_length(jsonb_path_query_array(said, '$.asked.*'));
            spaces := spaces + 2 + asked - least(asked, 1)
              + jsonb_array_length(jsonb_path_query_array(said, '$.asked.*[*]'))
              + jsonb_array_length(jsonb_path_query_array(said, 'strict $.asked.* ? (@.size() == 0)'));
        END IF;
        RETURN spaces + CASE WHEN said ? 'part' THEN 3 ELSE 0 END + CASE WHEN said ? 'emptied' THEN 7 ELSE 0 END
          + CASE WHEN said ? 'read' THEN 2 + greatest(2 * jsonb_array_length(said -> 'read') - 1, 0) ELSE 0 END;
    END
    $$;

REVOKE EXECUTE ON FUNCTION audit.require_rarer_fields(jsonb, text) FROM PUBLIC;
