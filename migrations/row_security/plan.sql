-- The plan's obligations and the network's material: read by the staff of the plan, as the Cedar policy
-- `staff-of-the-plan-read-the-plan` says. Nothing in these tables is about a case.

-- The owner writes obligations when a plan is loaded, so row security is not forced.
ALTER TABLE infohus.obligation ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON infohus.obligation TO infohus_app;
GRANT UPDATE (due_on, fulfilled_on, version) ON infohus.obligation TO infohus_app;
CREATE POLICY select_obligation ON infohus.obligation FOR SELECT TO infohus_app
  USING (
    EXISTS (
      SELECT FROM infohus.infohus_authority o
      WHERE o.infohus_id = obligation.infohus_id AND o.authority_id = infohus.caller_authority()
    )
  );
CREATE POLICY update_obligation ON infohus.obligation FOR UPDATE TO infohus_app
  USING (infohus.coordinates(infohus_id))
  WITH CHECK (infohus.coordinates(infohus_id));

-- Nothing in this table is about a person.
ALTER TABLE infohus.network_material ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON infohus.network_material TO infohus_app;
CREATE POLICY select_network_material ON infohus.network_material FOR SELECT TO infohus_app
  USING (
    EXISTS (
      SELECT FROM infohus.infohus_authority o
      WHERE o.infohus_id = network_material.infohus_id AND o.authority_id = infohus.caller_authority()
    )
  );
CREATE POLICY insert_network_material ON infohus.network_material FOR INSERT TO infohus_app
  WITH CHECK (infohus.coordinates(infohus_id));

-- The number of the next case that this transaction opens in an infohus: from 1 in each year, with no gap, since a number
-- is taken only when the case is committed. Whoever opens another one there waits until then.
CREATE FUNCTION infohus.next_case_number(of_infohus uuid, of_year integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  DECLARE
    number integer;
  BEGIN
    IF NOT infohus.coordinates(of_infohus) THEN
      RAISE EXCEPTION 'only a tovholder of the infohus opens a case there' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO infohus.case_number AS n VALUES (of_infohus, of_year, 1)
      ON CONFLICT (infohus_id, year) DO UPDATE SET last = n.last + 1
      RETURNING n.last INTO number;
    RETURN number;
  END
  $$;
REVOKE EXECUTE ON FUNCTION infohus.next_case_number(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infohus.next_case_number(uuid, integer) TO infohus_app;
