"""Count, in each entry that names a person, its authority's entries on that person so far (rule 64).

Such an entry ends with one field more, `tally`: for each of its persons, in order, [number, chain]. The number counts
the authority's entries on the person from 1. The chain is SHA-256(chain before ‖ core), 32 zero bytes before the first;
the core is the entry's leaf hash without this field. Who has all cores sees whether one was left out.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TALLY = (
    """
    CREATE TABLE audit.tally (
        log_id uuid NOT NULL,
        authority text NOT NULL,
        person text NOT NULL,
        entries bigint NOT NULL CHECK (entries > 0),
        chain bytea NOT NULL CHECK (length(chain) = 32),
        PRIMARY KEY (log_id, authority, person)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TRIGGER tally_is_never_deleted BEFORE DELETE OR TRUNCATE ON audit.tally
      FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
    """,
    "GRANT SELECT ON audit.tally TO infohus_app, infohus_verifier",
)
# The fields are found by name and quotes, which cannot stand inside a JSON text: there a quote is behind a backslash.
# \x22706572736f6e73223a5b22 is `"persons":["`, \x225d is `"]`, \x22617574686f72697479223a22 is `"authority":"`.
APPEND = """
    CREATE OR REPLACE FUNCTION audit.append(to_log uuid, new_entry bytea) RETURNS bigint
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
    DECLARE
        position bigint;
        frontier bytea;
        node bytea := sha256('\\x00'::bytea || new_entry);
        completed bytea;
        carry bigint;
        named int := position('\\x22706572736f6e73223a5b22'::bytea IN new_entry);
        acting int := position('\\x22617574686f72697479223a22'::bytea IN new_entry);
        rest bytea;
        persons text[] := '{}';
        acts_for text := '';
        whom text;
        told record;
        tally text := '';
    BEGIN
        IF named > 0 THEN
            rest := substring(new_entry FROM named + 12);
            persons := string_to_array(
              convert_from(substring(rest FROM 1 FOR position('\\x225d'::bytea IN rest) - 1), 'UTF8'), '","');
        END IF;
        IF acting > 0 THEN
            rest := substring(new_entry FROM acting + 13);
            acts_for := convert_from(substring(rest FROM 1 FOR position('\\x22'::bytea IN rest) - 1), 'UTF8');
        END IF;
        -- Held until COMMIT, which the caller sends in the same message. Everyone waits here and nobody for the row,
        -- whose waiters are woken more often. The next statement sees what was committed meanwhile.
        PERFORM pg_advisory_xact_lock(hashtextextended(to_log::text, 58));
        SELECT f.size, f.hashes INTO STRICT position, frontier FROM audit.frontier f WHERE f.log_id = to_log;
        FOREACH whom IN ARRAY persons LOOP
            UPDATE audit.tally t SET entries = t.entries + 1, chain = sha256(t.chain || node)
            WHERE t.log_id = to_log AND t.authority = acts_for AND t.person = whom
            RETURNING t.entries, t.chain INTO told;
            IF NOT FOUND THEN
                INSERT INTO audit.tally AS t
                VALUES (to_log, acts_for, whom, 1, sha256(decode(repeat('00', 32), 'hex') || node))
                RETURNING t.entries, t.chain INTO told;
            END IF;
            tally := tally || ',[' || told.entries || ',"' || encode(told.chain, 'hex') || '"]';
        END LOOP;
        IF tally <> '' THEN
            new_entry := substring(new_entry FROM 1 FOR length(new_entry) - 1)
              || convert_to(',"tally":[' || substring(tally FROM 2) || ']}', 'UTF8');
            node := sha256('\\x00'::bytea || new_entry);
        END IF;
        completed := node;
        carry := position;
        WHILE carry & 1 = 1 LOOP
            node := sha256('\\x01'::bytea || substring(frontier FROM length(frontier) - 31) || node);
            frontier := substring(frontier FROM 1 FOR length(frontier) - 32);
            completed := completed || node;
            carry := carry >> 1;
        END LOOP;
        INSERT INTO audit.leaf VALUES (to_log, position, new_entry, completed);
        UPDATE audit.frontier f SET size = position + 1, hashes = frontier || node WHERE f.log_id = to_log;
        RETURN position;
    END
    $$
"""


def upgrade() -> None:
    """Begin to count. Entries that stand in the log already are in no tally; the first with one says where it began."""
    for statement in (*TALLY, APPEND):
        op.execute(statement)


def downgrade() -> None:
    """There is no way back that keeps a log whole: its next entry would be in no tally."""
    raise RuntimeError
