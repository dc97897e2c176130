"""Keep signed checkpoints and their cosignatures: the archive that proofs, exports and log checks draw from."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = (
    # `note` is the checkpoint as the log signed it; a note may be larger than a size by nothing but its signatures.
    """
    CREATE TABLE audit.checkpoint (
        log_id uuid NOT NULL REFERENCES audit.log (id),
        size bigint NOT NULL CHECK (size > 0),
        note text NOT NULL,
        signed_at timestamptz NOT NULL,
        PRIMARY KEY (log_id, size)
    )
    """,
    # `line` is the witness' signature line as it came, newline included; `cosigned_at` is the witness' own clock.
    """
    CREATE TABLE audit.cosignature (
        log_id uuid NOT NULL,
        size bigint NOT NULL,
        witness text NOT NULL,
        line text NOT NULL,
        cosigned_at timestamptz NOT NULL,
        PRIMARY KEY (log_id, size, witness),
        FOREIGN KEY (log_id, size) REFERENCES audit.checkpoint (log_id, size)
    )
    """,
    """
    CREATE TRIGGER checkpoint_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.checkpoint
      FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
    """,
    """
    CREATE TRIGGER cosignature_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.cosignature
      FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
    """,
    """
    CREATE FUNCTION audit.keep_checkpoint(of_log uuid, at_size bigint, signed_note text, at timestamptz) RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$ INSERT INTO audit.checkpoint VALUES (of_log, at_size, signed_note, at) ON CONFLICT DO NOTHING $$
    """,
    """
    CREATE FUNCTION audit.keep_cosignature(
        of_log uuid, at_size bigint, by_witness text, signature_line text, at timestamptz
    ) RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        INSERT INTO audit.cosignature VALUES (of_log, at_size, by_witness, signature_line, at) ON CONFLICT DO NOTHING
      $$
    """,
    "REVOKE EXECUTE ON FUNCTION audit.keep_checkpoint, audit.keep_cosignature FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION audit.keep_checkpoint, audit.keep_cosignature TO infohus_app",
    "GRANT SELECT ON audit.checkpoint, audit.cosignature TO infohus_app, infohus_verifier",
)


def upgrade() -> None:
    """Create the archive of checkpoints; whoever signs may add to it, nobody may change it."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Forget what was signed; the witnesses still remember it."""
    op.execute("DROP FUNCTION audit.keep_cosignature")
    op.execute("DROP FUNCTION audit.keep_checkpoint")
    op.execute("DROP TABLE audit.cosignature")
    op.execute("DROP TABLE audit.checkpoint")
