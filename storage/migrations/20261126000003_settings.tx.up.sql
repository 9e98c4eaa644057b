-- People whose personal data was wiped. The host goes on feeding their rows; what of those is
-- personal must never come back, by whatever statement writes it: so the database itself sees to it.
CREATE TABLE crm_erasures (
	learner_id bigint PRIMARY KEY,
	host_id    text UNIQUE,             -- null: a lead that no host knows
	by_id      text NOT NULL,
	by_name    text NOT NULL,
	at         timestamptz NOT NULL
);
ALTER TABLE crm_learners ADD COLUMN erased_at timestamptz;

-- What counts need stays: when somebody came, from where, what they bought.
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
CREATE TRIGGER crm_keep_erased BEFORE UPDATE ON crm_learners FOR EACH ROW
	WHEN (OLD.erased_at IS NOT NULL OR NEW.erased_at IS NOT NULL) EXECUTE FUNCTION crm_keep_erased();

-- A row of theirs that cannot be taken is not kept to be tried again: nothing of it is wanted.
CREATE FUNCTION crm_drop_erased_problem() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM crm_erasures e WHERE e.host_id = NEW.host_id) THEN
		RETURN NULL;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER crm_drop_erased_problem BEFORE INSERT OR UPDATE ON crm_sync_problems FOR EACH ROW
	WHEN (NEW.feed = 'learners') EXECUTE FUNCTION crm_drop_erased_problem();

-- Words that people wrote when they left or wanted their money back.
CREATE FUNCTION crm_wipe_erased_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM crm_erasures e WHERE e.learner_id = NEW.learner_id) THEN
		NEW.exit_note := '';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER crm_wipe_erased_note BEFORE INSERT OR UPDATE ON crm_enrollments FOR EACH ROW
	WHEN (NEW.exit_note <> '') EXECUTE FUNCTION crm_wipe_erased_note();
CREATE FUNCTION crm_wipe_erased_reason() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM crm_erasures e JOIN crm_orders o ON o.learner_id = e.learner_id WHERE o.id = NEW.order_id) THEN
		NEW.reason := '';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER crm_wipe_erased_reason BEFORE INSERT OR UPDATE ON crm_refunds FOR EACH ROW
	WHEN (NEW.reason <> '') EXECUTE FUNCTION crm_wipe_erased_reason();

-- The record is read by who did something, and by what was done, the latest first.
CREATE INDEX crm_audit_staff ON crm_audit (staff_id, id DESC);
CREATE INDEX crm_audit_action ON crm_audit (action, id DESC);
