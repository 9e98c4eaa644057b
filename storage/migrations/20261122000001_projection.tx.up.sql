-- What we keep of the host's data. A row carries our own id, the host's id beside it, the host's
-- updated_at (an older snapshot never overwrites a newer one) and a hash of its content (an
-- update that changes nothing is told from one that does).

CREATE TABLE crm_settings (
	key   text PRIMARY KEY,
	value bytea NOT NULL
);

-- Where each walk over a feed stands. walk 'live' is first sync and then incremental; 'repair'
-- is the full pass. Rows and cursor are saved in one transaction.
CREATE TABLE crm_sync_feeds (
	feed        text NOT NULL,
	walk        text NOT NULL CHECK (walk IN ('live', 'repair')),
	cursor      text NOT NULL DEFAULT '',
	rows        bigint NOT NULL DEFAULT 0,
	total       bigint NOT NULL DEFAULT 0,
	rate        double precision NOT NULL DEFAULT 0,
	started_at  timestamptz,
	walked      boolean NOT NULL DEFAULT false,   -- repair: the end was reached, what is missing is not marked yet
	caught_up_at timestamptz,
	last_ok_at  timestamptz,
	failures    integer NOT NULL DEFAULT 0,
	failure     text NOT NULL DEFAULT '',
	failed_at   timestamptz,
	retry_at    timestamptz,
	mended      bigint NOT NULL DEFAULT 0,
	vanished    bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (feed, walk)
);

-- Leases let one process at a time do a job; they end by themselves when it dies.
CREATE TABLE crm_leases (
	name  text PRIMARY KEY,
	owner text NOT NULL,
	until timestamptz NOT NULL
);

-- Rows of the host that could not be taken, with the reason, retried until they can.
CREATE TABLE crm_sync_problems (
	feed       text NOT NULL,
	host_id    text NOT NULL,
	reason     text NOT NULL,
	payload    bytea NOT NULL,         -- JSON; jsonb would refuse a NUL in a text
	tries      integer NOT NULL DEFAULT 1,
	first_at   timestamptz NOT NULL,
	last_at    timestamptz NOT NULL,
	PRIMARY KEY (feed, host_id)
);
CREATE INDEX crm_sync_problems_last_at ON crm_sync_problems (last_at);

-- Tombstones of rows that we do not have: the older snapshot may still come.
CREATE TABLE crm_tombstones (
	feed       text NOT NULL,
	host_id    text NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (feed, host_id)
);
CREATE INDEX crm_tombstones_age ON crm_tombstones (updated_at);

-- Host ids met by the running repair pass; what is missing here at its end has vanished.
CREATE TABLE crm_repair_seen (
	feed    text NOT NULL,
	host_id text NOT NULL
);
CREATE INDEX crm_repair_seen_key ON crm_repair_seen (feed, host_id);

CREATE TABLE crm_tags (
	id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE
);

CREATE TABLE crm_offerings (
	id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	type           text NOT NULL CHECK (type IN ('course', 'classroom')),
	host_id        text NOT NULL,
	group_id       text NOT NULL DEFAULT '',
	title          text NOT NULL DEFAULT '',
	status         text NOT NULL DEFAULT 'unknown',
	price          bigint NOT NULL DEFAULT 0,
	currency       text NOT NULL DEFAULT '',
	category_path  text[] NOT NULL DEFAULT '{}',
	tag_ids        integer[] NOT NULL DEFAULT '{}',
	required_units integer NOT NULL DEFAULT 0,
	origin_host_id text NOT NULL DEFAULT '',
	course_host_ids text[] NOT NULL DEFAULT '{}',
	canonical_id   integer NOT NULL,       -- a classroom's copy counts for the course it was copied from
	content_hash   bigint NOT NULL DEFAULT 0,
	deleted_at     timestamptz,
	updated_at     timestamptz NOT NULL,
	written_at     timestamptz NOT NULL,
	UNIQUE (type, host_id)
);
CREATE INDEX crm_offerings_origin ON crm_offerings (origin_host_id) WHERE origin_host_id <> '';

-- A person. host_id is null for a lead that the host does not know yet.
CREATE TABLE crm_learners (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	host_id          text UNIQUE,
	nickname         text NOT NULL DEFAULT '',
	real_name        text NOT NULL DEFAULT '',
	gender           text NOT NULL DEFAULT '',
	birthday         date,
	mobile           text NOT NULL DEFAULT '',
	mobile_verified  boolean NOT NULL DEFAULT false,
	email            text NOT NULL DEFAULT '',
	email_verified   boolean NOT NULL DEFAULT false,
	usable_mobile    text,                 -- null: no number that may be used
	usable_email     text,                 -- null: no address that may be used; lower case
	status           text NOT NULL CHECK (status IN ('active', 'locked', 'deleted')),
	marketable       boolean NOT NULL,     -- false: teacher, staff, robot
	registered_at    timestamptz,
	register_source  text NOT NULL DEFAULT '',
	device           text NOT NULL DEFAULT '',
	last_login_at    timestamptz,
	locale           text NOT NULL DEFAULT '',
	province         text NOT NULL DEFAULT '',
	city             text NOT NULL DEFAULT '',
	roles            text[] NOT NULL DEFAULT '{}',
	inviter_host_id  text NOT NULL DEFAULT '',
	consent_sms      text NOT NULL DEFAULT '',
	consent_email    text NOT NULL DEFAULT '',
	consent_message  text NOT NULL DEFAULT '',
	custom           jsonb,
	content_hash     bigint NOT NULL,
	updated_at       timestamptz NOT NULL,
	written_at       timestamptz NOT NULL,
	-- facts, derived from the tables below in the transaction that changes them
	paid_order_count integer NOT NULL DEFAULT 0,
	paid_total       bigint NOT NULL DEFAULT 0,
	first_paid_at    timestamptz,
	last_paid_at     timestamptz,
	refund_count     integer NOT NULL DEFAULT 0,
	refund_total     bigint NOT NULL DEFAULT 0,
	open_order_count integer NOT NULL DEFAULT 0,
	open_order_total bigint NOT NULL DEFAULT 0,
	enrolled_count   integer NOT NULL DEFAULT 0,
	last_learn_at    timestamptz,
	bought_ids       integer[] NOT NULL DEFAULT '{}',
	enrolled_ids     integer[] NOT NULL DEFAULT '{}',
	tag_ids          integer[] NOT NULL DEFAULT '{}',
	member_level     text NOT NULL DEFAULT '',
	member_expires_at timestamptz
) WITH (fillfactor = 85);
-- The layout that measured best for audiences at a million learners: composites for the two
-- most asked combinations, int arrays with GIN for offerings and tags.
CREATE INDEX crm_learners_login ON crm_learners (last_login_at DESC NULLS LAST, paid_order_count, id DESC);
CREATE INDEX crm_learners_registered ON crm_learners (registered_at DESC NULLS LAST, enrolled_count, id DESC);
CREATE INDEX crm_learners_paid ON crm_learners (last_paid_at) WHERE last_paid_at IS NOT NULL;
CREATE INDEX crm_learners_spend ON crm_learners (paid_total) WHERE paid_total > 0;
CREATE INDEX crm_learners_member ON crm_learners (member_level) WHERE member_level <> '';
CREATE INDEX crm_learners_bought ON crm_learners USING gin (bought_ids);
CREATE INDEX crm_learners_enrolled ON crm_learners USING gin (enrolled_ids);
CREATE INDEX crm_learners_tags ON crm_learners USING gin (tag_ids);

-- The large tables have no foreign keys: the join that fills learner_id and offering_id is the
-- proof, learners and offerings are never deleted, and a key would cost a lookup for each row.
CREATE TABLE crm_orders (
	id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	host_id        text NOT NULL UNIQUE,
	sn             text NOT NULL,
	learner_id     bigint NOT NULL,
	status         text NOT NULL CHECK (status IN ('pending', 'paid', 'fulfilled', 'finished', 'refunding', 'refunded', 'closed', 'deleted')),
	origin         text NOT NULL,
	list_amount    bigint NOT NULL,
	payable_amount bigint NOT NULL,
	paid_cash      bigint NOT NULL,
	paid_coin      bigint NOT NULL,
	refunded       bigint NOT NULL,
	currency       text NOT NULL,
	paid_amount    bigint NOT NULL,     -- money that came in: paid_cash, or payable_amount of an offline order; 0 unless paid-like
	paid_on        timestamptz,         -- paid_at, or created_at where a paid order has none
	offering_ids   integer[] NOT NULL DEFAULT '{}', -- of its items; spares the facts a join
	created_at     timestamptz NOT NULL,
	paid_at        timestamptz,
	closed_at      timestamptz,
	close_deadline timestamptz,
	coupon         text NOT NULL DEFAULT '',
	content_hash   bigint NOT NULL,
	updated_at     timestamptz NOT NULL,
	written_at     timestamptz NOT NULL
);
CREATE INDEX crm_orders_learner ON crm_orders (learner_id, created_at);

CREATE TABLE crm_order_items (
	order_id    bigint NOT NULL,
	pos         smallint NOT NULL,
	target_type text NOT NULL,
	target_id   text NOT NULL,
	offering_id integer,
	title       text NOT NULL,
	quantity    integer NOT NULL,
	amount      bigint NOT NULL,
	PRIMARY KEY (order_id, pos)
);

CREATE TABLE crm_refunds (
	order_id     bigint NOT NULL,
	pos          smallint NOT NULL,
	status       text NOT NULL,
	cash         bigint NOT NULL,
	reason       text NOT NULL,
	requested_at timestamptz,
	handled_at   timestamptz,
	PRIMARY KEY (order_id, pos)
);

CREATE TABLE crm_enrollments (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	host_id          text NOT NULL UNIQUE,
	learner_id       bigint NOT NULL,
	offering_id      integer NOT NULL,
	via_classroom_id text NOT NULL DEFAULT '',
	role             text NOT NULL,
	status           text NOT NULL CHECK (status IN ('active', 'locked', 'expired', 'exited')),
	join_reason      text NOT NULL,
	joined_at        timestamptz NOT NULL,
	expires_at       timestamptz,
	order_host_id    text NOT NULL DEFAULT '',
	done_units       integer NOT NULL DEFAULT 0,
	required_done    integer NOT NULL DEFAULT 0,
	last_learn_at    timestamptz,
	completed_at     timestamptz,
	exited_at        timestamptz,
	exit_reason      text NOT NULL DEFAULT '',
	exit_note        text NOT NULL DEFAULT '',
	content_hash     bigint NOT NULL,
	updated_at       timestamptz NOT NULL,
	written_at       timestamptz NOT NULL
);
CREATE INDEX crm_enrollments_learner ON crm_enrollments (learner_id);
CREATE INDEX crm_enrollments_expiry ON crm_enrollments (expires_at) WHERE status = 'active' AND expires_at IS NOT NULL;

CREATE TABLE crm_memberships (
	learner_id   bigint PRIMARY KEY,
	host_id      text NOT NULL UNIQUE,      -- the learner's
	level_id     text NOT NULL,
	level_name   text NOT NULL,
	rank         integer NOT NULL,
	starts_at    timestamptz,
	expires_at   timestamptz,
	deleted      boolean NOT NULL DEFAULT false,
	content_hash bigint NOT NULL,
	updated_at   timestamptz NOT NULL,
	written_at   timestamptz NOT NULL
);

CREATE TABLE crm_activities (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	host_id     text NOT NULL UNIQUE,
	learner_id  bigint NOT NULL,
	type        text NOT NULL,
	target_type text NOT NULL,
	target_id   text NOT NULL,
	offering_id integer,
	occurred_at timestamptz NOT NULL
);
CREATE INDEX crm_activities_learner ON crm_activities (learner_id, occurred_at);

-- Learners whose facts must be computed again (an offering's tags changed), drained by the sync.
CREATE TABLE crm_facts_due (
	learner_id bigint PRIMARY KEY
);
