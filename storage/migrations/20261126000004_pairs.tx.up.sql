-- A pair's places are found by both, which for somebody with many places is most of what a change of
-- one of them costs.
CREATE INDEX crm_enrollments_pair ON crm_enrollments (learner_id, offering_id);
