"""Let old entries of a log be emptied, in one way only (rule 62), and keep sealed who acted (rule 60).

The trigger that refused every change of a leaf now lets exactly one kind through: `entry` becomes NULL, nothing else
changes, and the newest entry of that very log says so. Hashes stay, so every proof goes on holding.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

EMPTYING = (
    # How many years the entries of a log are kept; 5 for a log that has no row.
    """
    CREATE TABLE audit.retention (
        log_id uuid PRIMARY KEY REFERENCES audit.log (id),
        years integer NOT NULL CHECK (years BETWEEN 1 AND 100)
    )
    """,
    """
    CREATE FUNCTION audit.kept_since(of_log uuid) RETURNS timestamptz
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
    BEGIN
        RETURN now() - make_interval(years => coalesce(
            (SELECT r.years FROM audit.retention r WHERE r.log_id = of_log), 5));
    END
    $$
    """,
    """
    CREATE FUNCTION audit.moment_of(entry bytea) RETURNS timestamptz
      LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
      AS $$
    BEGIN
        RETURN (convert_from(entry, 'UTF8')::jsonb ->> 'at')::timestamptz;
    END
    $$
    """,
    # A whole front of the log: from the first entry that is not emptied to the first that is too young.
    """
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
    $$
    """,
    # What the newest entry says, and no more. It looks at nothing but the rows, so it holds whoever asks.
    """
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
    $$
    """,
    # Appending first takes the log's lock, so two emptyings follow one another; a call holds it for a moment only.
    """
    CREATE FUNCTION audit.empty(of_log uuid, start bigint, stop bigint, new_entry bytea) RETURNS bigint
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
    DECLARE
        place bigint := audit.append(of_log, new_entry);
        said jsonb := convert_from(new_entry, 'UTF8')::jsonb -> 'emptied';
        emptied bigint;
    BEGIN
        IF stop - start NOT BETWEEN 1 AND 4096 THEN
            RAISE EXCEPTION 'between 1 and 4096 entries are emptied at a time' USING ERRCODE = 'check_violation';
        END IF;
        IF ((said ->> 'start')::bigint, (said ->> 'stop')::bigint) IS DISTINCT FROM (start, stop) THEN
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
    $$
    """,
    "DROP TRIGGER leaf_is_never_changed ON audit.leaf",
    """
    CREATE TRIGGER leaf_is_never_changed BEFORE DELETE OR TRUNCATE ON audit.leaf
      FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
    """,
    """
    CREATE TRIGGER leaf_is_only_emptied BEFORE UPDATE ON audit.leaf
      FOR EACH ROW EXECUTE FUNCTION audit.let_only_empty()
    """,
    """
    REVOKE EXECUTE ON FUNCTION audit.kept_since(uuid), audit.moment_of(bytea), audit.emptiable(uuid, timestamptz),
      audit.let_only_empty(), audit.empty(uuid, bigint, bigint, bytea) FROM PUBLIC
    """,
    "GRANT USAGE ON SCHEMA audit TO infohus_retention",
    """
    GRANT EXECUTE ON FUNCTION audit.kept_since(uuid), audit.emptiable(uuid, timestamptz),
      audit.empty(uuid, bigint, bigint, bytea) TO infohus_retention
    """,
    "GRANT SELECT ON audit.retention TO infohus_app, infohus_verifier",
)


ACTORS = (
    "ALTER TABLE infohus.actor ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE infohus.actor FORCE ROW LEVEL SECURITY",
    # A person sees that they are kept, sealed; the authority's DPO sees all of its own.
    """
    CREATE POLICY select_actor ON infohus.actor FOR SELECT TO infohus_app USING (
      authority_id = infohus.caller_authority()
      AND (person_id = infohus.caller_person() OR infohus.caller_role() = 'data_protection_officer')
    )
    """,
    """
    CREATE POLICY insert_actor ON infohus.actor FOR INSERT TO infohus_app WITH CHECK (
      authority_id = infohus.caller_authority() AND person_id = infohus.caller_person()
    )
    """,
    "GRANT SELECT, INSERT ON infohus.actor TO infohus_app",
)


def upgrade() -> None:
    """Let the role infohus_retention empty what is old enough (roles.sql makes the role); make the table of actors."""
    for statement in EMPTYING:
        op.execute(statement)
    op.create_table(
        "actor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_actor"),
        sa.ForeignKeyConstraint(["authority_id"], ["infohus.authority.id"], name="fk_actor_authority_id"),
        sa.UniqueConstraint(
            "authority_id", "person_id", "fingerprint", name="uq_actor_authority_id_person_id_fingerprint"
        ),
        schema="infohus",
    )
    for statement in ACTORS:
        op.execute(statement)


def downgrade() -> None:
    """Let nothing be emptied any more, and forget who acted; what was emptied stays so."""
    op.drop_table("actor", schema="infohus")
    op.execute("DROP TRIGGER leaf_is_only_emptied ON audit.leaf")
    op.execute("DROP TRIGGER leaf_is_never_changed ON audit.leaf")
    op.execute(
        "CREATE TRIGGER leaf_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.leaf"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()"
    )
    for function in (
        "empty(uuid, bigint, bigint, bytea)", "let_only_empty()", "emptiable(uuid, timestamptz)", "moment_of(bytea)",
        "kept_since(uuid)",
    ):
        op.execute(f"DROP FUNCTION audit.{function}")
    op.execute("DROP TABLE audit.retention")
    op.execute("REVOKE USAGE ON SCHEMA audit FROM infohus_retention")
