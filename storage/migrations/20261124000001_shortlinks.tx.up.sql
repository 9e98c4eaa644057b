-- Links of four sorts, and hits that hold what was seen apart from what it is taken for.
ALTER TABLE crm_links
	ADD COLUMN kind       text NOT NULL DEFAULT 'campaign' CHECK (kind IN ('campaign', 'trap', 'test', 'free')),
	ADD COLUMN key        smallint NOT NULL DEFAULT 0,         -- version of the key of its codes
	ADD COLUMN slug       text NOT NULL DEFAULT '',            -- free: instead of the code, lower case
	ADD COLUMN title      text NOT NULL DEFAULT '',
	ADD COLUMN utm        jsonb NOT NULL DEFAULT '{}',         -- added to the target
	ADD COLUMN expires_at timestamptz,
	ADD COLUMN archived   boolean NOT NULL DEFAULT false,
	ADD COLUMN by_id      text NOT NULL DEFAULT '',
	ADD COLUMN by_name    text NOT NULL DEFAULT '',
	ADD COLUMN updated_at timestamptz,
	ADD COLUMN form       text NOT NULL DEFAULT '';            -- free: makes one link, however often it is sent
UPDATE crm_links SET kind = 'test' WHERE campaign_id = 0;
CREATE UNIQUE INDEX crm_links_slug ON crm_links (slug) WHERE slug <> '';
CREATE UNIQUE INDEX crm_links_form ON crm_links (form) WHERE form <> '';
CREATE INDEX crm_links_free ON crm_links (id DESC) WHERE kind = 'free';

-- Keys of codes. A new one is for new links; the old ones stay, or codes in people's phones would
-- lead nowhere.
CREATE TABLE crm_link_keys (
	version    smallint PRIMARY KEY,
	secret     bytea NOT NULL,
	created_at timestamptz NOT NULL
);

-- Salts of the days, forgotten soon: what they hashed cannot be told then.
CREATE TABLE crm_day_salts (
	day  date PRIMARY KEY,
	salt bytea NOT NULL
);

-- What visitors' programs say of themselves, without the numbers of versions.
CREATE TABLE crm_agents (
	id      bigint PRIMARY KEY,                                -- hash of the text
	text    text NOT NULL,
	program boolean NOT NULL,                                  -- says that nobody is looking
	device  text NOT NULL,
	app     text NOT NULL,
	os      text NOT NULL
);

-- A hit is kept once: at and id are its identity, however often it is handed in. Partitioned by
-- the month (UTC) of at; what no month has been made for goes to the rest.
ALTER TABLE crm_clicks RENAME TO crm_clicks_1;
ALTER INDEX crm_clicks_campaign RENAME TO crm_clicks_1_campaign;
ALTER INDEX crm_clicks_learner RENAME TO crm_clicks_1_learner;
CREATE TABLE crm_clicks (
	at          timestamptz NOT NULL,
	id          bigint NOT NULL,
	link_id     bigint NOT NULL,
	campaign_id bigint NOT NULL,                               -- 0: of no campaign
	ordinal     bigint NOT NULL,
	learner_id  bigint NOT NULL,                               -- 0: nobody known
	head        boolean NOT NULL DEFAULT false,
	ahead       boolean NOT NULL DEFAULT false,
	agent       bigint NOT NULL DEFAULT 0,
	referrer    text NOT NULL DEFAULT '',
	network     text NOT NULL DEFAULT '',
	visitor     bigint NOT NULL DEFAULT 0,
	kind        text NOT NULL CHECK (kind IN ('human', 'bot', 'prefetch', 'duplicate')),
	reason      text NOT NULL DEFAULT '',
	PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX crm_clicks_campaign ON crm_clicks (campaign_id, ordinal, at);
CREATE INDEX crm_clicks_learner ON crm_clicks (learner_id, at) WHERE kind = 'human';
CREATE INDEX crm_clicks_free ON crm_clicks (link_id, at) WHERE campaign_id = 0;
CREATE TABLE crm_clicks_rest PARTITION OF crm_clicks DEFAULT;
-- Of older hits only the verdict is known: what was seen is written down so that they get it again.
INSERT INTO crm_agents (id, text, program, device, app, os)
	SELECT a.*, '', '', '' FROM (VALUES (-3070856411319177815, 'Mozilla/# AppleWebKit/#', false), (-7036963202858551219, 'curl/#', true)) a (id, text, program)
	WHERE EXISTS (SELECT FROM crm_clicks_1);
INSERT INTO crm_clicks (at, id, link_id, campaign_id, ordinal, learner_id, head, ahead, agent, kind, reason)
	SELECT at, id, link_id, campaign_id, ordinal, learner_id, reason = 'head', kind = 'prefetch',
		CASE reason WHEN 'no_agent' THEN 0 WHEN 'agent' THEN -7036963202858551219 ELSE -3070856411319177815 END, kind, reason
	FROM crm_clicks_1;
DROP TABLE crm_clicks_1;

-- Hits as they come, in batches that nothing has to be found in: so a visitor waits for little. They
-- are taken into crm_clicks within a second or so. What can never be is put aside.
CREATE TABLE crm_hit_batches (
	id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	hits    bytea NOT NULL,
	refused boolean NOT NULL DEFAULT false
);
ALTER TABLE crm_hit_batches ALTER COLUMN hits SET STORAGE EXTERNAL; -- to pack them takes longer than to write them

-- Spans of time whose hits have to be judged, by what was seen around them.
CREATE TABLE crm_click_spans (
	id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	from_at timestamptz NOT NULL,
	to_at   timestamptz NOT NULL,
	hits    bigint NOT NULL
);
-- The rules that hits were last judged by.
CREATE TABLE crm_click_rules (
	one     boolean PRIMARY KEY DEFAULT true CHECK (one),
	version text NOT NULL
);
