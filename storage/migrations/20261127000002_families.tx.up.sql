-- A course and its copies are looked up by the course with each push.
CREATE INDEX crm_offerings_canonical ON crm_offerings (canonical_id);
