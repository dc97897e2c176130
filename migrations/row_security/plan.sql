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
