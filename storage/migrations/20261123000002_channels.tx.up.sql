-- Campaigns on three channels: content and choices instead of a subject and a body, schedules,
-- pauses, caps, control groups, and what was promised before sending.
ALTER TABLE crm_campaigns
	ADD COLUMN content          jsonb,
	ADD COLUMN fill             jsonb NOT NULL DEFAULT '{}',
	ADD COLUMN unticked         bigint[] NOT NULL DEFAULT '{}',  -- people taken out by hand
	ADD COLUMN template_id      bigint NOT NULL DEFAULT 0,       -- 0: none
	ADD COLUMN template_version integer NOT NULL DEFAULT 0,
	ADD COLUMN cap_days         integer NOT NULL DEFAULT 0,      -- leave out who was contacted within so many days
	ADD COLUMN control          integer NOT NULL DEFAULT 0,      -- percent held back
	ADD COLUMN direct           boolean NOT NULL DEFAULT false,  -- point-to-point
	ADD COLUMN tracked          boolean NOT NULL DEFAULT false,  -- holds a short link
	ADD COLUMN price            bigint NOT NULL DEFAULT 0,       -- of one SMS part, in thousandths of a minor unit
	ADD COLUMN promised         jsonb,                           -- the dry run at launch
	ADD COLUMN send_at          timestamptz,                     -- null: at once
	ADD COLUMN planned_at       timestamptz,                     -- when the audience was frozen
	ADD COLUMN stalled_until    timestamptz;                     -- of quiet hours
UPDATE crm_campaigns SET tracked = link_target <> '', planned_at = CASE WHEN state <> 'planning' THEN launched_at END,
	content = jsonb_build_object('subject', subject, 'blocks', jsonb_build_array(jsonb_build_object('kind', 'text', 'text', body))),
	fill = CASE WHEN link_target <> '' THEN jsonb_build_object('link', link_target) ELSE '{}' END;
ALTER TABLE crm_campaigns
	ALTER COLUMN content SET NOT NULL,
	DROP COLUMN subject, DROP COLUMN body, DROP COLUMN link_target,
	DROP CONSTRAINT crm_campaigns_state_check,
	ADD CONSTRAINT crm_campaigns_state_check CHECK (state IN ('scheduled', 'late', 'planning', 'sending', 'paused', 'done', 'cancelled'));
DROP INDEX crm_campaigns_open;
CREATE INDEX crm_campaigns_open ON crm_campaigns (id) WHERE state NOT IN ('done', 'cancelled');

-- A chunk is a range of ordinals, found by the primary key. Without indexes on the state its
-- changes stay in the page they are in, and write no index.
DROP INDEX crm_deliveries_queued;
DROP INDEX crm_deliveries_in_flight;
-- All rows of a page change at once: half of it has to be free for their next versions.
ALTER TABLE crm_deliveries SET (fillfactor = 50);
ALTER TABLE crm_deliveries
	ADD COLUMN direct       boolean NOT NULL DEFAULT false,      -- of a point-to-point send, which no cap counts
	ADD COLUMN parts        smallint NOT NULL DEFAULT 0,         -- of an SMS
	ADD COLUMN contact_hash bigint,                              -- what it was sent to, without saying it
	ADD COLUMN delivered_at timestamptz;

-- Texts to choose from. A version never changes; what was sent names the one it used.
CREATE TABLE crm_templates (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	channel    text NOT NULL,
	name       text NOT NULL,
	version    integer NOT NULL,                                 -- the latest
	state      text NOT NULL CHECK (state IN ('draft', 'submitted', 'approved', 'rejected')),
	supplier   text NOT NULL DEFAULT '',                         -- the supplier's id, of the latest version
	reason     text NOT NULL DEFAULT '',                         -- of a rejection
	asked_at   timestamptz,                                      -- when it was submitted
	archived   boolean NOT NULL DEFAULT false,
	by_id      text NOT NULL,
	by_name    text NOT NULL,
	updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX crm_templates_name ON crm_templates (channel, lower(name)) WHERE NOT archived;
CREATE TABLE crm_template_versions (
	template_id bigint NOT NULL REFERENCES crm_templates,
	version     integer NOT NULL,
	content     jsonb NOT NULL,
	by_id       text NOT NULL,
	by_name     text NOT NULL,
	created_at  timestamptz NOT NULL,
	PRIMARY KEY (template_id, version)
);

-- What is being written. The key becomes the campaign's, so a draft is launched once.
CREATE TABLE crm_drafts (
	key      text PRIMARY KEY,
	by_id    text NOT NULL,
	draft    jsonb NOT NULL,
	saved_at timestamptz NOT NULL
);
CREATE INDEX crm_drafts_mine ON crm_drafts (by_id, saved_at DESC);

-- Messages to oneself. They count nowhere.
CREATE TABLE crm_tests (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key        text NOT NULL UNIQUE,                             -- of the form, so that it is sent once
	draft_key  text NOT NULL,
	channel    text NOT NULL,
	state      text NOT NULL,
	reason     text NOT NULL DEFAULT '',
	by_id      text NOT NULL,
	created_at timestamptz NOT NULL,
	settled_at timestamptz
);
CREATE INDEX crm_tests_draft ON crm_tests (draft_key, id DESC);

-- What people said to us about being written to. The host's own word stays in consent_…, ours is
-- in own_…; either can deny. dead_… says that the contact in usage is suppressed.
ALTER TABLE crm_learners
	ADD COLUMN own_sms     text NOT NULL DEFAULT '',
	ADD COLUMN own_email   text NOT NULL DEFAULT '',
	ADD COLUMN own_message text NOT NULL DEFAULT '',
	ADD COLUMN dead_mobile boolean NOT NULL DEFAULT false,
	ADD COLUMN dead_email  boolean NOT NULL DEFAULT false;
CREATE TABLE crm_consents (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	learner_id  bigint NOT NULL,
	channel     text NOT NULL,
	state       text NOT NULL CHECK (state IN ('granted', 'denied')),
	source      text NOT NULL,
	purpose     text NOT NULL,
	campaign_id bigint NOT NULL DEFAULT 0,                       -- whose message brought it about; 0: none
	by_id       text NOT NULL DEFAULT '',                        -- the member of staff; empty: the person
	at          timestamptz NOT NULL
);
CREATE INDEX crm_consents_learner ON crm_consents (learner_id, id DESC);

-- Contacts that must not be written to, whoever has them.
CREATE TABLE crm_suppressions (
	channel     text NOT NULL,
	contact     text NOT NULL,
	reason      text NOT NULL,
	campaign_id bigint NOT NULL DEFAULT 0,
	by_id       text NOT NULL DEFAULT '',
	at          timestamptz NOT NULL,
	PRIMARY KEY (channel, contact)
);
CREATE INDEX crm_suppressions_age ON crm_suppressions (at DESC, channel, contact);

-- When a channel may hand over its next message.
CREATE TABLE crm_rates (
	channel text PRIMARY KEY,
	ready   timestamptz NOT NULL
);

-- Who has this contact: for replies, bounces and suppressions.
CREATE INDEX crm_learners_usable_mobile ON crm_learners (usable_mobile) WHERE usable_mobile IS NOT NULL;
CREATE INDEX crm_learners_usable_email ON crm_learners (usable_email) WHERE usable_email IS NOT NULL;
