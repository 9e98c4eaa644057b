-- People whose personal data was wiped. The host goes on feeding their rows; what of those is
-- personal must never come back, by whatever statement writes it: so the database itself sees to it.
-- An erasure locks the learner's row first. Who writes down words of a learner shares that lock: they
-- are there before the erasure looks for them, or know of it.
CREATE TABLE crm_erasures (
	learner_id bigint PRIMARY KEY,
	host_id    text UNIQUE,             -- null: a lead that no host knows
	by_id      text NOT NULL,
	by_name    text NOT NULL,
	at         timestamptz NOT NULL
);

-- A row of theirs that cannot be taken is not kept to be tried again: it may hold any words of theirs.
-- The repair pass meets it again.
ALTER TABLE crm_sync_problems ADD COLUMN learner_host_id text NOT NULL DEFAULT ''; -- empty: it is of nobody
UPDATE crm_sync_problems SET learner_host_id = CASE feed WHEN 'learners' THEN host_id
	ELSE coalesce(substring(convert_from(payload, 'UTF8') FROM '"LearnerID":"([^"\\]*)"'), '') END WHERE feed <> 'offerings';
CREATE FUNCTION crm_drop_erased_problem() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM crm_learners l WHERE l.host_id = NEW.learner_host_id FOR KEY SHARE;
	IF EXISTS (SELECT FROM crm_erasures e WHERE e.host_id = NEW.learner_host_id) THEN
		RETURN NULL;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER crm_drop_erased_problem BEFORE INSERT OR UPDATE ON crm_sync_problems FOR EACH ROW
	WHEN (NEW.learner_host_id <> '') EXECUTE FUNCTION crm_drop_erased_problem();

-- Words that people wrote when they left or wanted their money back.
CREATE FUNCTION crm_wipe_erased_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM crm_learners l WHERE l.id = NEW.learner_id FOR KEY SHARE;
	IF EXISTS (SELECT FROM crm_erasures e WHERE e.learner_id = NEW.learner_id) THEN
		NEW.exit_note := '';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER crm_wipe_erased_note BEFORE INSERT OR UPDATE ON crm_enrollments FOR EACH ROW
	WHEN (NEW.exit_note <> '') EXECUTE FUNCTION crm_wipe_erased_note();
CREATE FUNCTION crm_wipe_erased_reason() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM crm_learners l JOIN crm_orders o ON o.learner_id = l.id WHERE o.id = NEW.order_id FOR KEY SHARE OF l;
	IF EXISTS (SELECT FROM crm_erasures e JOIN crm_orders o ON o.learner_id = e.learner_id WHERE o.id = NEW.order_id) THEN
		NEW.reason := '';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER crm_wipe_erased_reason BEFORE INSERT OR UPDATE ON crm_refunds FOR EACH ROW
	WHEN (NEW.reason <> '') EXECUTE FUNCTION crm_wipe_erased_reason();

-- What counts need stays: when somebody came, from where, what they bought. This comes last, for it
-- locks everybody out of the learners until the transaction ends.
CREATE FUNCTION crm_keep_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.erased_at := coalesce(OLD.erased_at, NEW.erased_at);
	NEW.nickname := ''; NEW.real_name := ''; NEW.gender := ''; NEW.birthday := NULL;
	NEW.mobile := ''; NEW.mobile_verified := false; NEW.usable_mobile := NULL; NEW.dead_mobile := false;
	NEW.email := ''; NEW.email_verified := false; NEW.usable_email := NULL; NEW.dead_email := false;
	NEW.locale := ''; NEW.province := ''; NEW.city := ''; NEW.inviter_host_id := ''; NEW.custom := NULL;
	NEW.own_sms := 'denied'; NEW.own_email := 'denied'; NEW.own_message := 'denied';
	RETURN NEW;
END $$;
ALTER TABLE crm_learners ADD COLUMN erased_at timestamptz;
CREATE TRIGGER crm_keep_erased BEFORE UPDATE ON crm_learners FOR EACH ROW
	WHEN (OLD.erased_at IS NOT NULL OR NEW.erased_at IS NOT NULL) EXECUTE FUNCTION crm_keep_erased();
