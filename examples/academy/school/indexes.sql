-- Built after the generated data is in: loading into plain tables is several times as fast.
CREATE INDEX IF NOT EXISTS users_feed ON users (updated_at, id);
CREATE INDEX IF NOT EXISTS users_verified_mobile ON users (right(verified_mobile, 4)) WHERE verified_mobile <> '';
CREATE INDEX IF NOT EXISTS users_last_login ON users (last_login_at DESC) WHERE roles = 'user' AND status = 'normal' AND last_login_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS courses_feed ON courses (updated_at, id);
CREATE INDEX IF NOT EXISTS classrooms_feed ON classrooms (updated_at, id);
CREATE INDEX IF NOT EXISTS memberships_feed ON memberships (updated_at, user_id);
CREATE INDEX IF NOT EXISTS orders_feed ON orders (updated_at, id);
CREATE INDEX IF NOT EXISTS orders_user ON orders (user_id, id);
CREATE INDEX IF NOT EXISTS orders_open ON orders (close_deadline) WHERE status IN ('created', 'paying');
CREATE INDEX IF NOT EXISTS orders_delivered ON orders (paid_at) WHERE status = 'success';
CREATE INDEX IF NOT EXISTS order_items_order ON order_items (order_id);
CREATE INDEX IF NOT EXISTS refunds_order ON refunds (order_id);
CREATE INDEX IF NOT EXISTS refunds_open ON refunds (created_at) WHERE status = 'auditing';
CREATE INDEX IF NOT EXISTS enrollments_feed ON enrollments (updated_at, id);
CREATE INDEX IF NOT EXISTS enrollments_user ON enrollments (user_id, target_type, target_id);
CREATE INDEX IF NOT EXISTS activities_feed ON activities (occurred_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS activities_user ON activities (user_id, occurred_at);
CREATE INDEX IF NOT EXISTS messages_to ON messages (to_id, id);
CREATE INDEX IF NOT EXISTS mails_recipient ON mails (lower(recipient) text_pattern_ops, id);

-- By name: without names ANALYZE would look into every schema of the database.
ANALYZE users, courses, classrooms, memberships, orders, order_items, refunds, enrollments, activities, messages;
