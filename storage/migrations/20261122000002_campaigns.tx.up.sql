-- Selections made by hand: a rule kept under a token, so that no person's id travels in a URL.
CREATE TABLE crm_selections (
	token      text PRIMARY KEY,
	rule       jsonb NOT NULL,
	created_at timestamptz NOT NULL
);
CREATE INDEX crm_selections_age ON crm_selections (created_at);

CREATE TABLE crm_campaigns (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key         text NOT NULL UNIQUE,          -- idempotency key of the launch
	name        text NOT NULL,
	channel     text NOT NULL,
	rule        jsonb NOT NULL,
	subject     text NOT NULL,
	body        text NOT NULL,
	link_target text NOT NULL DEFAULT '',
	state       text NOT NULL CHECK (state IN ('planning', 'sending', 'done')),
	stalled     text NOT NULL DEFAULT '',
	stalled_at  timestamptz,
	by_id       text NOT NULL,
	by_name     text NOT NULL,
	launched_at timestamptz NOT NULL,
	done_at     timestamptz
);
CREATE INDEX crm_campaigns_open ON crm_campaigns (id) WHERE state <> 'done';
CREATE INDEX crm_campaigns_launched ON crm_campaigns (launched_at);

-- One row for each person of a campaign's audience. The ordinal is the person's place in the
-- campaign: those to be sent come first, so a chunk is a range of ordinals, and the short code of
-- a recipient is the link's first number plus the ordinal.
CREATE TABLE crm_deliveries (
	campaign_id bigint NOT NULL,
	ordinal     bigint NOT NULL,
	learner_id  bigint NOT NULL,
	chunk       integer NOT NULL,              -- -1: excluded
	state       text NOT NULL CHECK (state IN ('excluded', 'queued', 'sending', 'accepted', 'delivered', 'failed', 'unknown', 'cancelled')),
	reason      text NOT NULL DEFAULT '',
	tries       smallint NOT NULL DEFAULT 0,
	next_at     timestamptz,                   -- queued: not before
	sending_at  timestamptz,
	accepted_at timestamptz,
	settled_at  timestamptz,
	provider_id text NOT NULL DEFAULT '',
	PRIMARY KEY (campaign_id, ordinal)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX crm_deliveries_learner ON crm_deliveries (learner_id, campaign_id);
-- Taking a batch walks this index only, and finished rows are not in it.
CREATE INDEX crm_deliveries_queued ON crm_deliveries (campaign_id, chunk, ordinal) WHERE state = 'queued';
CREATE INDEX crm_deliveries_in_flight ON crm_deliveries (campaign_id, chunk) WHERE state = 'sending';

-- Units of work, from which the queue is filled and refilled. Chunk -1 is the planning.
CREATE TABLE crm_chunks (
	campaign_id bigint NOT NULL,
	chunk       integer NOT NULL,
	generation  integer NOT NULL DEFAULT 0,
	done        boolean NOT NULL DEFAULT false,
	owner       text NOT NULL DEFAULT '',
	until       timestamptz,                   -- of the claim
	next_at     timestamptz,                   -- not before
	PRIMARY KEY (campaign_id, chunk)
);
CREATE INDEX crm_chunks_open ON crm_chunks (campaign_id, chunk) WHERE NOT done;

-- A link owns the numbers first … first+count-1.
CREATE TABLE crm_links (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint NOT NULL,
	target      text NOT NULL,
	first       bigint NOT NULL UNIQUE,
	count       bigint NOT NULL,
	created_at  timestamptz NOT NULL
);
CREATE INDEX crm_links_campaign ON crm_links (campaign_id);

CREATE TABLE crm_link_numbers (
	one  boolean PRIMARY KEY DEFAULT true CHECK (one),
	next bigint NOT NULL
);
INSERT INTO crm_link_numbers (next) VALUES (0);

CREATE TABLE crm_clicks (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	link_id     bigint NOT NULL,
	campaign_id bigint NOT NULL,
	ordinal     bigint NOT NULL,
	learner_id  bigint NOT NULL,
	at          timestamptz NOT NULL,
	kind        text NOT NULL CHECK (kind IN ('human', 'bot', 'prefetch', 'duplicate')),
	reason      text NOT NULL DEFAULT ''
);
CREATE INDEX crm_clicks_campaign ON crm_clicks (campaign_id, ordinal, at);
CREATE INDEX crm_clicks_learner ON crm_clicks (learner_id, at) WHERE kind = 'human';
