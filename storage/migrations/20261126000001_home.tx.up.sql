-- The first page's figures over whole tables, as last counted.
CREATE TABLE crm_home_figures (
	one        boolean PRIMARY KEY DEFAULT true CHECK (one),
	counted_at timestamptz NOT NULL,
	figures    jsonb NOT NULL
);

-- How many messages were accepted over a channel on a day of the site's zone, and of a campaign in
-- all. Whoever changes what counts writes down by how much; now and then the changes are added up.
-- The figures are both together, so they are exact, and nobody waits for another's row. From the
-- messages themselves they are counted at first, when the site's zone has changed, and each night:
-- workers of an older version, which send during an upgrade, write no changes down.
CREATE TABLE crm_usage_days (
	channel  text NOT NULL,
	day      date NOT NULL,
	accepted bigint NOT NULL,
	PRIMARY KEY (channel, day)
);
CREATE TABLE crm_usage_campaigns (
	campaign_id bigint PRIMARY KEY,
	accepted    bigint NOT NULL
);
CREATE TABLE crm_usage_changes (
	campaign_id bigint NOT NULL,
	at          timestamptz NOT NULL, -- when those messages were accepted, to the quarter of an hour
	accepted    bigint NOT NULL
);
-- The zone that the days are of, and when all messages were counted last.
CREATE TABLE crm_usage_zone (
	one        boolean PRIMARY KEY DEFAULT true CHECK (one),
	zone       text NOT NULL,
	counted_at timestamptz NOT NULL
);
