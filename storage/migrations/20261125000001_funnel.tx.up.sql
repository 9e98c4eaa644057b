-- Where each learner stands with each offering (a course's copies count for the course): what the
-- funnels, intent levels and interest tags are made of. DOMAIN §3 has the formulas. The columns of
-- the first two groups are sums and latest moments of the host's rows; the last group follows from
-- them and the time, and is written again when due_at has come.
CREATE TABLE crm_pairs (
	learner_id   bigint NOT NULL,
	offering_id  integer NOT NULL,          -- canonical
	-- of activities; only ever added to
	viewed_at    timestamptz,               -- last look at the offering's page
	intended_at  timestamptz,               -- last coupon, trial, favourite or question
	heat         double precision NOT NULL DEFAULT 0, -- Σ weight × 2^((at − 2026-01-01) ÷ 30 days) of intent
	warmth       double precision NOT NULL DEFAULT 0, -- the same with learning, for interest tags
	-- of orders and enrollments; computed anew from all of the pair
	ordered_at   timestamptz,               -- last order, whatever became of it
	closed_at    timestamptz,               -- last order that was never paid
	open_at      timestamptz,               -- oldest open order
	paid_at      timestamptz,               -- last order with money
	order_heat   double precision NOT NULL DEFAULT 0,
	order_warmth double precision NOT NULL DEFAULT 0,
	gross        bigint NOT NULL DEFAULT 0, -- money that came in for it, minor units of the site's currency
	refunded     bigint NOT NULL DEFAULT 0,
	open_amount  bigint NOT NULL DEFAULT 0, -- owed by open orders
	refunding    bigint NOT NULL DEFAULT 0, -- paid, and wanted back
	joined_at    timestamptz,               -- last time as a student
	learned_at   timestamptz,
	place_until  timestamptz,               -- end of the longest active place; infinity: none
	ended_at     timestamptz,               -- of the last place that ran out
	left_at      timestamptz,               -- last exit by self, removal, refund or for no known reason, or refunded order
	via_classroom boolean NOT NULL DEFAULT false, -- every current place came with a classroom
	-- of staff
	set_level    text NOT NULL DEFAULT '' CHECK (set_level IN ('', 'high', 'medium', 'low', 'none')),
	-- of all of these and the time
	gone         boolean NOT NULL DEFAULT false, -- a deleted account: its money counts, it is in no stage
	stage        text NOT NULL DEFAULT '' CHECK (stage IN ('', 'potential', 'pending', 'enrolled', 'withdrawn')),
	past         boolean NOT NULL DEFAULT false, -- had a place that ran out, and has none now
	at           timestamptz,               -- since when: last sign of intent, oldest open order, joined, left
	due_at       timestamptz,               -- when time alone may change it; null: never
	PRIMARY KEY (learner_id, offering_id)
) WITH (fillfactor = 85);
CREATE INDEX crm_pairs_offering ON crm_pairs (offering_id, stage, at DESC, learner_id DESC);
CREATE INDEX crm_pairs_past ON crm_pairs (offering_id, ended_at DESC, learner_id DESC) WHERE past;
CREATE INDEX crm_pairs_due ON crm_pairs (due_at) WHERE due_at IS NOT NULL;

-- Figures of each offering: in all (day -infinity), and on a day of the site's zone how many people
-- were last seen, last joined and last paid then. Whoever changes a pair adds what it changed; now
-- and then the changes are added up. The figures are both together, so they are always exact, and
-- nobody waits for another's row.
CREATE TABLE crm_figures (
	offering_id integer NOT NULL,
	day         date NOT NULL,
	potential   bigint NOT NULL DEFAULT 0,
	pending     bigint NOT NULL DEFAULT 0,
	enrolled    bigint NOT NULL DEFAULT 0,
	withdrawn   bigint NOT NULL DEFAULT 0,
	past        bigint NOT NULL DEFAULT 0,
	gross       bigint NOT NULL DEFAULT 0,
	refunded    bigint NOT NULL DEFAULT 0,
	open_amount bigint NOT NULL DEFAULT 0,
	refunding   bigint NOT NULL DEFAULT 0,
	touched     bigint NOT NULL DEFAULT 0,
	joined      bigint NOT NULL DEFAULT 0,
	paid        bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (offering_id, day)
);
CREATE TABLE crm_figure_changes (LIKE crm_figures INCLUDING DEFAULTS);

-- Interest tags are words: an offering's tags and the parts of its category. A learner's are in
-- crm_learners.tag_ids, the strongest first.
ALTER TABLE crm_offerings ADD COLUMN interest_ids integer[] NOT NULL DEFAULT '{}';
INSERT INTO crm_tags (name) SELECT DISTINCT word FROM crm_offerings, unnest(category_path) word ON CONFLICT DO NOTHING;
UPDATE crm_offerings o SET interest_ids = ARRAY(SELECT t.id FROM crm_tags t WHERE t.id = ANY (o.tag_ids) OR t.name = ANY (o.category_path) ORDER BY t.id);
-- Learners whose interest tags are to be computed, now or when one will have cooled down.
CREATE TABLE crm_interest_due (
	learner_id bigint PRIMARY KEY,
	due_at     timestamptz NOT NULL
);
CREATE INDEX crm_interest_due_at ON crm_interest_due (due_at);

-- Open orders are few and asked for often.
CREATE INDEX crm_orders_open ON crm_orders (close_deadline) WHERE status = 'pending';

-- What staff said about a learner's intent with an offering, all of it; the last word is in crm_pairs.
CREATE TABLE crm_intents (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	learner_id  bigint NOT NULL,
	offering_id integer NOT NULL,
	level       text NOT NULL CHECK (level IN ('', 'high', 'medium', 'low', 'none')), -- empty: by the score again
	before      text NOT NULL,          -- what it was, as shown
	reason      text NOT NULL DEFAULT '',
	by_id       text NOT NULL,
	by_name     text NOT NULL,
	at          timestamptz NOT NULL
);
CREATE INDEX crm_intents_learner ON crm_intents (learner_id, at);

-- Why somebody left, in the school's own categories, where staff found out.
CREATE TABLE crm_exit_reasons (
	learner_id  bigint NOT NULL,
	offering_id integer NOT NULL,
	category    text NOT NULL,
	by_id       text NOT NULL,
	by_name     text NOT NULL,
	at          timestamptz NOT NULL,
	PRIMARY KEY (learner_id, offering_id)
);

-- Follow-ups (跟进): notes about a learner, and reminders of what is to be done.
CREATE TABLE crm_followups (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	learner_id  bigint NOT NULL,
	offering_id integer,                -- what it was about; null: nothing certain
	method      text NOT NULL CHECK (method IN ('phone', 'wechat', 'visit', 'message', 'other', 'plan')), -- plan: nothing was done yet
	content     text NOT NULL DEFAULT '',
	intent      text NOT NULL DEFAULT '' CHECK (intent IN ('', 'high', 'medium', 'low', 'none')),
	next_at     timestamptz,            -- when to come back to it; null: not
	done_at     timestamptz,            -- the reminder was dealt with
	owner_id    text NOT NULL,
	owner_name  text NOT NULL,
	by_id       text NOT NULL,
	by_name     text NOT NULL,
	at          timestamptz NOT NULL,
	edited_at   timestamptz,
	version     integer NOT NULL DEFAULT 1,
	batch       text NOT NULL DEFAULT '' -- the key of a bulk entry
);
CREATE INDEX crm_followups_learner ON crm_followups (learner_id, at DESC, id DESC);
CREATE INDEX crm_followups_due ON crm_followups (owner_id, next_at, id) WHERE done_at IS NULL AND next_at IS NOT NULL;
CREATE INDEX crm_followups_next ON crm_followups (next_at, id) WHERE done_at IS NULL AND next_at IS NOT NULL;
-- Earlier versions of follow-ups that were edited.
CREATE TABLE crm_followup_edits (
	followup_id bigint NOT NULL,
	version     integer NOT NULL,
	offering_id integer,
	method      text NOT NULL,
	content     text NOT NULL,
	intent      text NOT NULL,
	next_at     timestamptz,
	owner_id    text NOT NULL,
	owner_name  text NOT NULL,
	by_id       text NOT NULL, -- who replaced it
	by_name     text NOT NULL,
	at          timestamptz NOT NULL, -- when
	PRIMARY KEY (followup_id, version)
);
-- Bulk entries, so that a form that is sent twice enters nobody twice.
CREATE TABLE crm_followup_batches (
	key    text PRIMARY KEY,
	people bigint NOT NULL,
	by_id  text NOT NULL,
	at     timestamptz NOT NULL
);

-- Tags that staff give by hand; never mixed with interest tags.
CREATE TABLE crm_labels (
	id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name       text NOT NULL,
	by_id      text NOT NULL,
	by_name    text NOT NULL,
	created_at timestamptz NOT NULL,
	merged_into integer,                -- another tag that took its people over
	deleted_at timestamptz
);
CREATE UNIQUE INDEX crm_labels_name ON crm_labels (lower(name)) WHERE deleted_at IS NULL AND merged_into IS NULL;
CREATE TABLE crm_label_people (
	label_id   integer NOT NULL,
	learner_id bigint NOT NULL,
	at         timestamptz NOT NULL,
	by_id      text NOT NULL,
	by_name    text NOT NULL,
	PRIMARY KEY (learner_id, label_id)
);
CREATE INDEX crm_label_people_label ON crm_label_people (label_id);
-- Each action on a tag's people and whom it really changed, so that it can be undone.
CREATE TABLE crm_label_batches (
	id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key       text NOT NULL UNIQUE,     -- a form that is sent twice acts once
	label_id  integer NOT NULL,
	action    text NOT NULL CHECK (action IN ('add', 'remove', 'merge', 'delete', 'undo')),
	people    bigint NOT NULL,          -- changed
	asked     bigint NOT NULL,
	by_id     text NOT NULL,
	by_name   text NOT NULL,
	at        timestamptz NOT NULL,
	undone_at timestamptz,
	undoes    bigint
);
CREATE TABLE crm_label_changes (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	batch_id   bigint NOT NULL,
	label_id   integer NOT NULL,
	learner_id bigint NOT NULL,
	added      boolean NOT NULL,
	at         timestamptz NOT NULL
);
CREATE INDEX crm_label_changes_batch ON crm_label_changes (batch_id);
CREATE INDEX crm_label_changes_learner ON crm_label_changes (learner_id, at);
-- How many people had a tag on a day of the site's zone, as last counted that day.
CREATE TABLE crm_tag_counts (
	kind   text NOT NULL CHECK (kind IN ('interest', 'label')),
	tag_id integer NOT NULL,
	day    date NOT NULL,
	count  bigint NOT NULL,
	PRIMARY KEY (kind, tag_id, day)
);

-- How young a row that could not be taken is: an older snapshot never takes the place of a younger.
ALTER TABLE crm_sync_problems ADD COLUMN updated_at timestamptz;
