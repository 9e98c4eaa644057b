CREATE TABLE IF NOT EXISTS users (
	id            bigint PRIMARY KEY,
	name          text NOT NULL,
	phone         text NOT NULL DEFAULT '',
	email         text NOT NULL DEFAULT '',
	newsletter    boolean,          -- NULL: never asked
	is_teacher    boolean NOT NULL DEFAULT FALSE,
	registered_at timestamptz NOT NULL,
	updated_at    timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS courses (
	id         bigint PRIMARY KEY,
	title      text NOT NULL,
	price      bigint NOT NULL,     -- fen
	lessons    integer NOT NULL,
	published  boolean NOT NULL,
	updated_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
	id         bigint PRIMARY KEY,
	user_id    bigint NOT NULL,
	course_id  bigint NOT NULL,
	price      bigint NOT NULL,     -- fen
	state      text NOT NULL,       -- new, paid, cancelled
	created_at timestamptz NOT NULL,
	paid_at    timestamptz,
	updated_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS places (
	id             bigint PRIMARY KEY,
	user_id        bigint NOT NULL,
	course_id      bigint NOT NULL,
	order_id       bigint,          -- NULL: a free course
	joined_at      timestamptz NOT NULL,
	lessons_done   integer NOT NULL,
	last_lesson_at timestamptz,
	updated_at     timestamptz NOT NULL
);

INSERT INTO users VALUES
	(1, '林晓', '13800000001', 'lin@school.example',  TRUE,  FALSE, '2026-03-01 10:00+08', '2026-06-01 10:00+08'),
	(2, '王磊', '13800000002', '',                    NULL,  FALSE, '2026-04-11 20:30+08', '2026-06-01 10:00+08'),
	(3, '陈静', '',            'chen@school.example', FALSE, FALSE, '2026-05-20 09:15+08', '2026-06-02 08:00+08'),
	(4, '何老师', '',          'he@school.example',   NULL,  TRUE,  '2026-01-05 08:00+08', '2026-01-05 08:00+08')
ON CONFLICT DO NOTHING;
INSERT INTO courses VALUES
	(1, '零基础水彩', 19900, 12, TRUE, '2026-02-01 09:00+08'),
	(2, '色彩入门',       0,  3, TRUE, '2026-02-01 09:00+08')
ON CONFLICT DO NOTHING;
INSERT INTO orders VALUES
	(1, 1, 1, 19900, 'paid', '2026-03-02 19:00+08', '2026-03-02 19:03+08', '2026-03-02 19:03+08'),
	(2, 2, 1, 19900, 'new',  '2026-05-30 21:00+08', NULL,                  '2026-05-30 21:00+08')
ON CONFLICT DO NOTHING;
INSERT INTO places VALUES
	(1, 1, 1, 1,    '2026-03-02 19:03+08', 5, '2026-05-28 20:00+08', '2026-05-28 20:00+08'),
	(2, 3, 2, NULL, '2026-05-20 09:20+08', 3, '2026-05-22 22:10+08', '2026-05-22 22:10+08')
ON CONFLICT DO NOTHING;
