-- What each batch campaign brought, as last counted: the report compares hundreds of campaigns, and
-- counting one may take a second. The sums of the two groups are what the lift follows from.
CREATE TABLE crm_campaign_figures (
	campaign_id  bigint PRIMARY KEY,
	counted_at   timestamptz NOT NULL,
	sendable     bigint NOT NULL,
	taken        bigint NOT NULL,
	delivered    bigint NOT NULL,
	failed       bigint NOT NULL,
	clickers     bigint NOT NULL,
	orders       bigint NOT NULL,
	buyers       bigint NOT NULL,
	revenue      bigint NOT NULL,
	unsubscribes bigint NOT NULL,
	sent_people  bigint NOT NULL DEFAULT 0,
	sent_payers  bigint NOT NULL DEFAULT 0,
	sent_sum     bigint NOT NULL DEFAULT 0,
	sent_sum_sq  double precision NOT NULL DEFAULT 0,
	held_people  bigint NOT NULL DEFAULT 0,
	held_payers  bigint NOT NULL DEFAULT 0,
	held_sum     bigint NOT NULL DEFAULT 0,
	held_sum_sq  double precision NOT NULL DEFAULT 0
);

-- How many people registered on a day of the site's zone (-infinity: it is not known when) and what
-- of them can be reached, and how many refused a channel on that day; written anew as a whole.
CREATE TABLE crm_audience_days (
	day        date PRIMARY KEY,
	registered bigint NOT NULL,
	marketable bigint NOT NULL,
	sms        bigint NOT NULL,
	email      bigint NOT NULL,
	message    bigint NOT NULL,
	no_sms     bigint NOT NULL,
	no_email   bigint NOT NULL,
	no_message bigint NOT NULL
);

-- Finds the orders of the last hour without a place in the index for each: pages that nobody wrote
-- to since are skipped. It has a price on PostgreSQL 15: there any index on a changed column, a BRIN too,
-- keeps an update of an order from being HOT, so that it writes to all indexes of the table; from 16 on
-- a BRIN does not. No other index tells what was written lately (paid_on knows of no refund and of no
-- order paid long ago that is synced now), and a list of its own would be a row for every order written.
CREATE INDEX crm_orders_written ON crm_orders USING brin (written_at) WITH (pages_per_range = 16, autosummarize = on);
-- Few messages are refused; whose, is asked for each campaign.
CREATE INDEX crm_consents_campaign ON crm_consents (campaign_id, learner_id) WHERE state = 'denied' AND campaign_id <> 0;
