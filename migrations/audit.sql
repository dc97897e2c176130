-- The audit log: append-only rows that form a Merkle tree, and the functions that keep checkpoints. audit_append.sql has
-- the one that appends.
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
GRANT EXECUTE ON FUNCTION audit.keep_checkpoint, audit.keep_cosignature TO infohus_signer;
GRANT SELECT ON audit.log, audit.frontier, audit.leaf, audit.tally, audit.checkpoint, audit.cosignature, audit.retention
  TO infohus_app, infohus_verifier;
GRANT SELECT ON audit.log, audit.frontier, audit.leaf, audit.retention TO infohus_reconciler;
GRANT SELECT ON audit.log, audit.frontier, audit.leaf, audit.checkpoint, audit.cosignature TO infohus_signer;
