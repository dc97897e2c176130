-- The network's material: read by the staff of the plan, as the Cedar policy `staff-of-the-plan-read-the-plan` says.
-- Nothing in this table is about a case or a person.

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
