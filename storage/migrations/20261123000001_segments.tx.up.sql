-- Quick queries (快捷查询): rules kept under a name. Those that come with the product have a preset
-- key instead of a name; the screens know theirs in each language.
CREATE TABLE crm_queries (
	id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	preset     text NOT NULL DEFAULT '',
	name       text NOT NULL DEFAULT '',
	rule       jsonb NOT NULL,
	owner_id   text NOT NULL DEFAULT '',
	owner_name text NOT NULL DEFAULT '',
	shared     boolean NOT NULL DEFAULT true,
	pinned     boolean NOT NULL DEFAULT false,
	position   integer NOT NULL,
	updated_at timestamptz NOT NULL,
	count      bigint NOT NULL DEFAULT 0,
	counted_at timestamptz
);

-- The size of each query on each day of the site's zone, as last counted that day.
CREATE TABLE crm_query_counts (
	query_id integer NOT NULL REFERENCES crm_queries ON DELETE CASCADE,
	day      date NOT NULL,
	count    bigint NOT NULL,
	PRIMARY KEY (query_id, day)
);

INSERT INTO crm_queries (preset, position, pinned, updated_at, rule)
SELECT preset, n, n <= 3, now(), rule::jsonb FROM (VALUES
	(1, 'login30', '{"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"}]}'),
	(2, 'members', '{"all":[{"field":"member","op":"yes"}]}'),
	(3, 'paid', '{"all":[{"field":"paid_count","op":"ge","value":1}]}'),
	(4, 'tried', '{"all":[{"field":"registered","op":"in_last","value":30,"unit":"day"},{"field":"activity","of":{"type":["trial"]},"op":"ge","value":1},{"field":"paid_count","op":"eq","value":0}]}'),
	(5, 'sleeping', '{"all":[{"field":"last_login","op":"not_in_last","value":60,"unit":"day"}]}'),
	(6, 'new7', '{"all":[{"field":"registered","op":"in_last","value":7,"unit":"day"}]}'),
	(7, 'open24', '{"all":[{"field":"open_since","op":"older","value":24,"unit":"hour"}]}'),
	(8, 'expiring', '{"all":[{"field":"member_expires","op":"in_next","value":30,"unit":"day"}]}'),
	(9, 'stalled', '{"all":[{"field":"stalled","op":"older","value":14,"unit":"day"}]}'),
	(10, 'valuable', '{"all":[{"field":"paid_total","op":"ge","value":200000}]}'),
	(11, 'lapsed', '{"all":[{"field":"last_paid","op":"older","value":90,"unit":"day"}]}'),
	(12, 'clicked', '{"all":[{"field":"last_click","op":"in_last","value":30,"unit":"day"},{"field":"last_paid","op":"not_in_last","value":30,"unit":"day"}]}')
) preset (n, preset, rule);

-- Uploaded lists of people. What was uploaded is not kept, only who was found by it.
CREATE TABLE crm_lists (
	id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name       text NOT NULL,
	by_id      text NOT NULL,
	by_name    text NOT NULL,
	given      integer NOT NULL,
	people     integer NOT NULL,
	created_at timestamptz NOT NULL
);
CREATE TABLE crm_list_members (
	list_id    integer NOT NULL,
	learner_id bigint NOT NULL,
	PRIMARY KEY (learner_id, list_id)
);
CREATE INDEX crm_list_members_list ON crm_list_members (list_id);

-- Words of the host that were seen, to choose from: sources, provinces and cities of learners,
-- types of activities, and the keys and kinds of its own fields. Longer ones nobody chooses.
CREATE TABLE crm_words (
	kind  text NOT NULL,
	value text NOT NULL,
	note  text NOT NULL DEFAULT '',
	PRIMARY KEY (kind, value)
);
INSERT INTO crm_words (kind, value)
SELECT DISTINCT kind, value FROM crm_learners l, LATERAL (VALUES
	('source', l.register_source), ('province', l.province), ('city', l.city)) w (kind, value) WHERE value <> '' AND octet_length(value) <= 255;
INSERT INTO crm_words (kind, value) SELECT DISTINCT 'activity', type FROM crm_activities WHERE octet_length(type) <= 255;
INSERT INTO crm_words (kind, value, note)
SELECT 'custom', key, coalesce(min(value ->> 'kind'), '') FROM crm_learners l, LATERAL jsonb_each(l.custom) WHERE l.custom IS NOT NULL AND octet_length(key) <= 255 GROUP BY key;

-- Who did what: each change, each export and each view of a whole contact.
CREATE TABLE crm_audit (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at         timestamptz NOT NULL,
	staff_id   text NOT NULL,
	staff_name text NOT NULL,
	action     text NOT NULL,
	object     text NOT NULL DEFAULT '',
	detail     jsonb,
	ip         text NOT NULL DEFAULT '',
	request    text NOT NULL DEFAULT ''
);
CREATE INDEX crm_audit_at ON crm_audit (at);

-- Both tables grow in the order of time, so that a few pages of index find a period.
CREATE INDEX crm_activities_time ON crm_activities USING brin (occurred_at) WITH (pages_per_range = 32);
CREATE INDEX crm_orders_paid ON crm_orders USING brin (paid_on) WITH (pages_per_range = 32);

-- When a message was sent is one time of two columns, of which the planner knows nothing by itself.
CREATE STATISTICS crm_deliveries_sent ON (coalesce(accepted_at, sending_at)) FROM crm_deliveries;
