"""Create the audit log: append-only rows that are a Merkle tree, and the one function that appends (rules 58 and 59).

Leaf n's `hashes` are all hashes it completes: its own leaf hash, then each interior node it closes, 32 bytes each. So
the node of level l and index i stands at byte 32·l of row (i+1)·2^l − 1, and a proof reads O(log n) rows.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    "CREATE SCHEMA audit",
    "REVOKE ALL ON SCHEMA audit FROM PUBLIC",
    """
    CREATE TABLE audit.log (
        id uuid PRIMARY KEY,
        origin text NOT NULL UNIQUE,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    # `hashes` holds the roots of the perfect subtrees that make up the tree, largest first, 32 bytes each.
    """
    CREATE TABLE audit.frontier (
        log_id uuid PRIMARY KEY REFERENCES audit.log (id),
        size bigint NOT NULL CHECK (size >= 0),
        hashes bytea NOT NULL
    ) WITH (fillfactor = 10)
    """,
    """
    CREATE TABLE audit.leaf (
        log_id uuid NOT NULL,
        index bigint NOT NULL,
        entry bytea,
        hashes bytea NOT NULL,
        PRIMARY KEY (log_id, index)
    )
    """,
    "ALTER TABLE audit.leaf ALTER COLUMN entry SET STORAGE MAIN",
    """
    CREATE FUNCTION audit.append(to_log uuid, new_entry bytea) RETURNS bigint
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
    DECLARE
        position bigint;
        frontier bytea;
        node bytea := sha256('\\x00'::bytea || new_entry);
        completed bytea := node;
        carry bigint;
    BEGIN
        -- The row lock is held until COMMIT, which the caller sends in the same message.
        SELECT f.size, f.hashes INTO STRICT position, frontier FROM audit.frontier f WHERE f.log_id = to_log FOR UPDATE;
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
    """,
    """
    CREATE FUNCTION audit.open_log(new_id uuid, new_origin text) RETURNS void
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$
    BEGIN
        INSERT INTO audit.log (id, origin) VALUES (new_id, new_origin);
        INSERT INTO audit.frontier (log_id, size, hashes) VALUES (new_id, 0, ''::bytea);
    END
    $$
    """,
    """
    CREATE FUNCTION audit.refuse_change() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE TRIGGER leaf_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.leaf
      FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
    """,
    """
    CREATE TRIGGER log_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.log
      FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
    """,
    """
    CREATE TRIGGER frontier_is_never_deleted BEFORE DELETE OR TRUNCATE ON audit.frontier
      FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
    """,
    "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC",
    "GRANT USAGE ON SCHEMA audit TO infohus_app, infohus_verifier",
    "GRANT EXECUTE ON FUNCTION audit.append(uuid, bytea) TO infohus_app",
    "GRANT SELECT ON audit.log, audit.frontier, audit.leaf TO infohus_app, infohus_verifier",
)


def upgrade() -> None:
    """Create the log's schema, owned by infohus_owner; the application may append and read, and nothing else."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """There is no way back that keeps a log."""
    raise RuntimeError
