-- The audit log: append-only rows that form a Merkle tree, the function that appends, and those that keep checkpoints
-- and empty old entries.
--
-- A row's `hashes` are its own leaf hash, and then the hash of each interior node that it completes, 32 bytes each. So
-- the node of level l and index i is at byte 32·l of row (i+1)·2^l − 1, and a proof reads O(log n) rows.
-- Source: rules 58 and 59; docs/decisions/0003-log-format.md.
--
-- There is one log for each authority and one for the installation itself (rule 90). For whom the application acts is
-- in the settings that row security reads (row_security/caller.sql): it appends to the log of that authority and reads
-- it (row_security/audit.sql); acting for nobody, it appends to the installation's. The signer reads all logs and adds checkpoints and
-- cosignatures. `infohus audit verify` compares every function and policy with the shipped one: whoever changes one
-- here changes its digest in src/infohus/kernel/audit/verification/shipped_catalog.txt.

CREATE SCHEMA audit;
REVOKE ALL ON SCHEMA audit FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO infohus_app, infohus_signer, infohus_verifier, infohus_retention, infohus_reconciler;

-- `authority` is whose log it is; NULL for the installation's.
CREATE TABLE audit.log (
    id uuid PRIMARY KEY,
    origin text NOT NULL UNIQUE,
    authority text UNIQUE
);

-- `hashes` holds the roots of the perfect subtrees that make up the tree, largest first, 32 bytes each. Each entry
-- updates the row; the low fill factor leaves room on its page for new versions, and old ones are removed from it.
-- There is no CHECK, which PostgreSQL would read and compile anew for each entry: only the functions write here.
CREATE TABLE audit.frontier (
    log_id uuid PRIMARY KEY REFERENCES audit.log (id),
    size bigint NOT NULL,
    hashes bytea NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE audit.leaf (
    log_id uuid NOT NULL,
    index bigint NOT NULL,
    entry bytea,
    hashes bytea NOT NULL,
    PRIMARY KEY (log_id, index)
);
ALTER TABLE audit.leaf ALTER COLUMN entry SET STORAGE MAIN;

-- How many entries an authority has on a person on each track ('ordinary' or 'pet'), and their chain (rule 64). Fill
-- factor and no CHECK, as above.
CREATE TABLE audit.tally (
    log_id uuid NOT NULL,
    authority text NOT NULL,
    person text NOT NULL,
    track text NOT NULL,
    entries bigint NOT NULL,
    chain bytea NOT NULL,
    PRIMARY KEY (log_id, authority, person, track)
) WITH (fillfactor = 10);

-- The archive of checkpoints, for proofs, exports and log checks. `note` is the checkpoint as the log signed it,
-- without cosignatures. PostgreSQL cannot verify a signature, so a row may still hold none: it is part of the key, and
-- takes the place of no other. The moment is one that every reader can count on from.
CREATE TABLE audit.checkpoint (
    log_id uuid NOT NULL REFERENCES audit.log (id),
    size bigint NOT NULL CHECK (size > 0),
    note text NOT NULL CHECK (length(note) BETWEEN 1 AND 1000),
    signed_at timestamptz NOT NULL CHECK (signed_at >= '2000-01-01Z' AND signed_at < '2100-01-01Z'),
    PRIMARY KEY (log_id, size, note)
);

-- `line` is the witness' signature line as received, with its newline: of 4 bytes of key id, 8 of the witness' clock and
-- a signature of 64.
CREATE TABLE audit.cosignature (
    log_id uuid NOT NULL REFERENCES audit.log (id),
    size bigint NOT NULL CHECK (size > 0),
    line text NOT NULL CHECK (length(line) <= 400 AND line ~ '^— [^[:space:]+]+ [A-Za-z0-9+/]{102}==\n$'),
    witness text NOT NULL GENERATED ALWAYS AS (split_part(line, ' ', 2)) STORED,
    PRIMARY KEY (log_id, size, line)
);
CREATE INDEX cosignature_of_witness ON audit.cosignature (log_id, witness, size);

-- How many years the entries of a log are kept; 5 for a log that has no row. The owner changes it, and entries name it.
CREATE TABLE audit.retention (
    log_id uuid PRIMARY KEY REFERENCES audit.log (id),
    years integer NOT NULL CHECK (years BETWEEN 1 AND 100),
    revision bigint NOT NULL DEFAULT 1
);

-- For whom the application acts in this transaction, NULL for nobody.
CREATE FUNCTION audit.acting_authority() RETURNS text
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT NULLIF(current_setting('infohus.authority', true), '') $$;

-- Appending.
-- The function adds a last field, `tally`, to an entry that names persons: for each of them, in order, [number, chain].
-- The number counts the authority's entries on the person, on the entry's track, from 1. The chain is SHA-256(previous
-- chain ‖ core), the first after 32 zero bytes; the core is the leaf hash of the entry without this field. Who has all
-- cores sees whether an entry is missing.
--
-- It refuses what is no entry of format 2, which verification would name for ever: what is no JSON, says another version
-- or log, has other fields, a tally of its own among them, or one of another type, has bytes after its last brace, is of no
-- moment of the years 2000 to 2099 in UTC, names a written row without a key or by no 64-bit revision, or names a person by
-- anything but 22 characters of base64url, or twice; and what is of more than an hour ahead, since that entry and all after
-- it could not be emptied for as long. So is one whose fields, or those of a row, stand in another order or with one more. It does
-- not see one that stands twice, nor a space, which would cost more than all else here. What an entry says may still be
-- untrue: docs/trust.md.
--
-- Of the application it takes no entry for another authority than the one it acts for, none of what was emptied or is
-- carried, which audit.empty says, and in the installation's log none that says who acted, or names a case, a person or a row.
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
            IF content NOT LIKE concat('{"v"_2,"at":"%","log":"%","caller":%,"authority":%,"role":%,"assurance":%,',
                 '"action":"%","subject_kind":"%","subject":%,"case":%,"outcome":"%","reason":%,"policies":[%],',
                 '"policy_set":"%","justification":%,"purpose":%,"recipients":[%],"track":"%","persons":[%],"opened":[',
                 rtrim(repeat('{"table":"%","column":"%","row":"%"},', jsonb_array_length(said -> 'opened')), ','),
                 '],"wrote":[', rtrim(repeat(
                   '{"verb":"%","table":"%","key":["%"],"revision":%,"digest":%,"was":%},',
                   jsonb_array_length(said -> 'wrote')), ','), '],"correlation":"%","nonce":"%"%}')
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
               OR moment NOT LIKE '20%' OR translate(moment, '123456789', '000000000') <> ALL ('{0000-00-00T00:00:00Z,
                 0000-00-00T00:00:00.0Z, 0000-00-00T00:00:00.00Z, 0000-00-00T00:00:00.000Z,
                 0000-00-00T00:00:00.0000Z, 0000-00-00T00:00:00.00000Z, 0000-00-00T00:00:00.000000Z}'::text[])
               OR moment LIKE '%T24%' OR moment LIKE '%_:60%'
               OR (moment::timestamptz <= now() + '1 hour'::interval) IS NOT TRUE
               OR num_nulls((said ->> 'caller')::uuid, (said ->> 'subject')::uuid, (said ->> 'case')::uuid) > 3
               OR said @@ 'exists($.opened[*].row ? (@ != $.subject))'
                 AND translate(jsonb_path_query_array(said, '$.opened[*].row')::text, '[]', '{}')::uuid[] IS NULL
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
            IF said ?| '{part, asked, read, emptied, counted}'::text[] THEN
                PERFORM audit.require_rarer_fields(said, content);
            END IF;
            IF session_user = 'infohus_app' AND (
                coalesce(said ->> 'authority', '') <> coalesce(current_setting('infohus.authority', true), '')
                OR said ->> 'action' IN ('emptyLogEntries', 'carryRowDigests')
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
        IF session_user = 'infohus_app'
           AND whose IS DISTINCT FROM NULLIF(current_setting('infohus.authority', true), '') THEN
            RAISE EXCEPTION 'the log is another authority''s' USING ERRCODE = 'insufficient_privilege';
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

CREATE FUNCTION audit.open_log(new_id uuid, new_origin text, of_authority text DEFAULT NULL) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
        INSERT INTO audit.log (id, origin, authority) VALUES (new_id, new_origin, of_authority);
        INSERT INTO audit.frontier (log_id, size, hashes) VALUES (new_id, 0, ''::bytea);
    END
    $$;

-- Keeping checkpoints and cosignatures: the signer may add to the archive, nobody may change it. What is no note or no
-- cosignature every reader skips, and verification names it.
CREATE FUNCTION audit.keep_checkpoint(of_log uuid, at_size bigint, signed_note text, at timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM audit.frontier f WHERE f.log_id = of_log AND at_size <= f.size) THEN
            RAISE EXCEPTION 'the log has fewer entries' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        INSERT INTO audit.checkpoint VALUES (of_log, at_size, signed_note, at) ON CONFLICT DO NOTHING;
    END
    $$;

CREATE FUNCTION audit.keep_cosignature(of_log uuid, at_size bigint, signature_line text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM audit.checkpoint c WHERE c.log_id = of_log AND c.size = at_size) THEN
            RAISE EXCEPTION 'the archive has no checkpoint of this size' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        INSERT INTO audit.cosignature VALUES (of_log, at_size, signature_line) ON CONFLICT DO NOTHING;
    END
    $$;

-- Refusing all other changes.
CREATE FUNCTION audit.refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$;

CREATE TRIGGER log_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.log
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER frontier_is_never_deleted BEFORE DELETE OR TRUNCATE ON audit.frontier
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER leaf_is_never_changed BEFORE DELETE OR TRUNCATE ON audit.leaf
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER tally_is_never_deleted BEFORE DELETE OR TRUNCATE ON audit.tally
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER checkpoint_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER cosignature_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

-- Who may do what.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.append(uuid, bytea[]) TO infohus_app;
GRANT EXECUTE ON FUNCTION audit.keep_checkpoint, audit.keep_cosignature TO infohus_signer;
GRANT SELECT ON audit.log, audit.frontier, audit.leaf, audit.tally, audit.checkpoint, audit.cosignature, audit.retention
  TO infohus_app, infohus_verifier;
GRANT SELECT ON audit.log, audit.frontier, audit.leaf, audit.retention TO infohus_reconciler;
GRANT SELECT ON audit.log, audit.frontier, audit.leaf, audit.checkpoint, audit.cosignature TO infohus_signer;
