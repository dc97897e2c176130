-- Which logs who reads (rule 90).

-- The logs that the application may read now: the acting authority's, and for its DPO the installation's.
CREATE FUNCTION audit.readable_logs() RETURNS uuid[]
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
        SELECT array_agg(l.id) FROM audit.log l
        WHERE l.authority = audit.acting_authority()
          OR (l.authority IS NULL AND audit.acting_authority() IS NOT NULL
              AND current_setting('infohus.role', true) = 'data_protection_officer')
      $$;

REVOKE EXECUTE ON FUNCTION audit.readable_logs() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.readable_logs() TO infohus_app;

-- The functions of the log run as the owner of its tables, whom row security does not bind: it is not forced. The
-- sub-select is evaluated once for a statement, not once for a row.
ALTER TABLE audit.log ENABLE ROW LEVEL SECURITY;
CREATE POLICY select_log ON audit.log FOR SELECT TO infohus_app
  USING (id = ANY ((SELECT audit.readable_logs())::uuid[]));
CREATE POLICY select_all_logs ON audit.log FOR SELECT TO infohus_signer, infohus_verifier USING (true);

ALTER TABLE audit.frontier ENABLE ROW LEVEL SECURITY;
CREATE POLICY select_frontier ON audit.frontier FOR SELECT TO infohus_app
  USING (log_id = ANY ((SELECT audit.readable_logs())::uuid[]));
CREATE POLICY select_all_frontiers ON audit.frontier FOR SELECT TO infohus_signer, infohus_verifier USING (true);

ALTER TABLE audit.leaf ENABLE ROW LEVEL SECURITY;
CREATE POLICY select_leaf ON audit.leaf FOR SELECT TO infohus_app
  USING (log_id = ANY ((SELECT audit.readable_logs())::uuid[]));
CREATE POLICY select_all_leaves ON audit.leaf FOR SELECT TO infohus_signer, infohus_verifier USING (true);

ALTER TABLE audit.tally ENABLE ROW LEVEL SECURITY;
CREATE POLICY select_tally ON audit.tally FOR SELECT TO infohus_app
  USING (log_id = ANY ((SELECT audit.readable_logs())::uuid[]));
CREATE POLICY select_all_tallies ON audit.tally FOR SELECT TO infohus_signer, infohus_verifier USING (true);

ALTER TABLE audit.checkpoint ENABLE ROW LEVEL SECURITY;
CREATE POLICY select_checkpoint ON audit.checkpoint FOR SELECT TO infohus_app
  USING (log_id = ANY ((SELECT audit.readable_logs())::uuid[]));
CREATE POLICY select_all_checkpoints ON audit.checkpoint FOR SELECT TO infohus_signer, infohus_verifier USING (true);

ALTER TABLE audit.cosignature ENABLE ROW LEVEL SECURITY;
CREATE POLICY select_cosignature ON audit.cosignature FOR SELECT TO infohus_app
  USING (log_id = ANY ((SELECT audit.readable_logs())::uuid[]));
CREATE POLICY select_all_cosignatures ON audit.cosignature FOR SELECT TO infohus_signer, infohus_verifier USING (true);

ALTER TABLE audit.retention ENABLE ROW LEVEL SECURITY;
CREATE POLICY select_retention ON audit.retention FOR SELECT TO infohus_app
  USING (log_id = ANY ((SELECT audit.readable_logs())::uuid[]));
CREATE POLICY select_all_retention ON audit.retention FOR SELECT TO infohus_signer, infohus_verifier USING (true);
