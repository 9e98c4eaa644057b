-- The index by both serves whoever asked by the learner alone. It is dropped in a transaction of its
-- own: that locks readers out, which must not last as long as building the other one.
DROP INDEX crm_enrollments_learner;
