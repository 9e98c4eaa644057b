-- The record is read by who did something, and by what was done, the latest first.
CREATE INDEX crm_audit_staff ON crm_audit (staff_id, id DESC);
CREATE INDEX crm_audit_action ON crm_audit (action, id DESC);
