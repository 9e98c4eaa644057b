package school

import (
	"context"
	"database/sql"
	"time"
)

// The words in enrollments.joined_by.
const (
	JoinedByPurchase  = "buy"
	JoinedFree        = "free"
	JoinedByVIP       = "vip"
	JoinedByImport    = "import"
	JoinedByClassroom = "classroom"
	JoinedByStaff     = "staff"
)

// The words in enrollments.exit_reason.
const (
	ExitSelf      = "self"
	ExitRemoved   = "removed"
	ExitRefund    = "refund"
	ExitClassroom = "classroom" // left the classroom that this course came with
)

// Enrollment is a learner's place in a course or classroom.
type Enrollment struct {
	ID                int64
	Target            Target
	Title             string
	Status            string
	ClassroomID       int64
	Learned, Required int
	JoinedAt          time.Time
	LastLearnAt       time.Time
	FinishedAt        time.Time
}

// Percent is the progress, 0 to 100.
func (e Enrollment) Percent() int {
	if e.Required == 0 {
		return 0
	}
	return min(100, e.Learned*100/e.Required)
}

const selectEnrollments = `SELECT e.id, e.target_type, e.target_id, o.title, e.status, e.classroom_id, e.learned, o.required_units,
	e.joined_at, e.last_learn_at, e.finished_at
	FROM enrollments e JOIN offerings o ON o.type = e.target_type AND o.id = e.target_id `

func scanEnrollment(row scanner) (e Enrollment, err error) {
	return e, row.Scan(&e.ID, &e.Target.Type, &e.Target.ID, &e.Title, &e.Status, &e.ClassroomID, &e.Learned, &e.Required,
		moment{&e.JoinedAt}, moment{&e.LastLearnAt}, moment{&e.FinishedAt})
}

// Enrollments lists where a learner is in, what was learned last first.
func (s *School) Enrollments(ctx context.Context, userID int64) ([]Enrollment, error) {
	return list(ctx, s.db, "list enrollments", scanEnrollment, selectEnrollments+`WHERE e.user_id = $1 AND e.status = 'active'
		ORDER BY coalesce(e.last_learn_at, e.joined_at) DESC, e.id DESC LIMIT 200`, userID)
}

// Enrollment finds the learner's place in an offering; ErrNotFound when there is none.
func (s *School) Enrollment(ctx context.Context, userID int64, t Target) (Enrollment, error) {
	return one(ctx, s.db, "find enrollment", scanEnrollment, selectEnrollments+`WHERE e.user_id = $1 AND e.target_type = $2 AND e.target_id = $3
		AND e.status = 'active' ORDER BY e.id DESC LIMIT 1`, userID, t.Type, t.ID)
}

// enrolled reports whether the learner has an active place that is not past its deadline.
func enrolled(ctx context.Context, q querier, userID int64, t Target) (in bool, err error) {
	return in, q.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM enrollments WHERE user_id = $1 AND target_type = $2 AND target_id = $3
		AND status = 'active' AND (deadline = 0 OR deadline > extract(epoch FROM now())))`, userID, t.Type, t.ID).Scan(&in)
}

// seat is a place to be given.
type seat struct {
	user      int64
	target    Target
	joinedBy  string
	order     int64
	classroom int64
}

// join gives a learner a place, and in a classroom a place in each of its courses.
func (s *School) join(ctx context.Context, tx *sql.Tx, c *Change, p seat) error {
	var id int64
	err := tx.QueryRowContext(ctx, `INSERT INTO enrollments (user_id, target_type, target_id, classroom_id, joined_by, joined_at, order_id, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $6) RETURNING id`,
		p.user, p.target.Type, p.target.ID, p.classroom, p.joinedBy, s.now(), p.order).Scan(&id)
	if err != nil {
		return err
	}
	c.Enrollments = append(c.Enrollments, id)
	if err := s.countStudents(ctx, tx, p.target, +1); err != nil || p.target.Type != TypeClassroom {
		return err
	}
	courses, err := list(ctx, tx, "list courses of classroom", func(row scanner) (id int64, err error) { return id, row.Scan(&id) },
		"SELECT course_id FROM classroom_courses WHERE classroom_id = $1 ORDER BY seq", p.target.ID)
	if err != nil {
		return err
	}
	for _, course := range courses {
		err := s.join(ctx, tx, c, seat{user: p.user, target: Target{TypeCourse, course}, joinedBy: JoinedByClassroom, order: p.order, classroom: p.target.ID})
		if err != nil {
			return err
		}
	}
	return nil
}

// countStudents keeps the counter on the offering. It moves updated_at although nothing that a
// CRM cares about has changed: real platforms do so too.
func (s *School) countStudents(ctx context.Context, tx *sql.Tx, t Target, by int) error {
	table := map[string]string{TypeCourse: "courses", TypeClassroom: "classrooms"}[t.Type]
	_, err := tx.ExecContext(ctx, "UPDATE "+table+" SET student_count = greatest(0, student_count + $2), updated_at = $3 WHERE id = $1", t.ID, by, s.now())
	return err
}

// Leave takes a learner out at his own wish; from a classroom with all its courses.
func (s *School) Leave(ctx context.Context, userID int64, t Target, note string) error {
	return s.change(ctx, "leave", func(tx *sql.Tx, c *Change) error {
		var id, classroom int64
		err := tx.QueryRowContext(ctx, `SELECT id, classroom_id FROM enrollments WHERE user_id = $1 AND target_type = $2 AND target_id = $3
			AND status = 'active' ORDER BY id DESC LIMIT 1 FOR UPDATE`, userID, t.Type, t.ID).Scan(&id, &classroom)
		// A course inside a classroom is left by leaving the classroom.
		if err := conflictIf(classroom != 0, err); err != nil {
			return err
		}
		return s.exit(ctx, tx, c, ExitSelf, note, "(id = $4 OR $5 = 'classroom' AND classroom_id = $6 AND user_id = $7)", id, t.Type, t.ID, userID)
	})
}

// exitOrder takes a learner out of everything that an order gave, a membership included.
func (s *School) exitOrder(ctx context.Context, tx *sql.Tx, c *Change, orderID int64, note string) error {
	members, err := list(ctx, tx, "end membership", func(row scanner) (id int64, err error) { return id, row.Scan(&id) },
		`UPDATE memberships m SET deadline = $2, updated_at = $3 FROM orders o JOIN order_items i ON i.order_id = o.id
		WHERE o.id = $1 AND i.target_type = 'vip' AND m.user_id = o.user_id AND m.level_id = i.target_id RETURNING m.user_id`,
		orderID, s.now().Unix(), s.now())
	if err != nil {
		return err
	}
	c.Members = append(c.Members, members...)
	return s.exit(ctx, tx, c, ExitRefund, note, "order_id = $4", orderID)
}

// exit ends the active enrollments that meet a condition. Courses that came with a classroom get
// an exit of their own each.
func (s *School) exit(ctx context.Context, tx *sql.Tx, c *Change, reason, note, where string, args ...any) error {
	type gone struct {
		id     int64
		target Target
	}
	exits, err := list(ctx, tx, "end enrollments", func(row scanner) (g gone, err error) { return g, row.Scan(&g.id, &g.target.Type, &g.target.ID) },
		`UPDATE enrollments SET status = 'exited', exited_at = $1, updated_at = $1, exit_note = $3,
			exit_reason = CASE WHEN classroom_id <> 0 THEN 'classroom' ELSE $2 END
		WHERE status = 'active' AND `+where+" RETURNING id, target_type, target_id", append([]any{s.now(), reason, note}, args...)...)
	if err != nil {
		return err
	}
	for _, g := range exits {
		c.Enrollments = append(c.Enrollments, g.id)
		if err := s.countStudents(ctx, tx, g.target, -1); err != nil {
			return err
		}
	}
	return nil
}

// Learn marks the next unit of a course as learned. It returns ErrNotFound for who is not in it.
func (s *School) Learn(ctx context.Context, userID, courseID int64) error {
	return s.change(ctx, "learn", func(tx *sql.Tx, c *Change) error {
		var id int64
		err := tx.QueryRowContext(ctx, `UPDATE enrollments e SET learned = least(c.units, e.learned + 1),
			learned_required = least(c.required_units, e.learned_required + 1), last_learn_at = $3, updated_at = $3,
			finished_at = CASE WHEN e.learned_required + 1 >= c.required_units THEN coalesce(e.finished_at, $3) END
			FROM courses c WHERE e.id = (SELECT id FROM enrollments WHERE user_id = $1 AND target_type = 'course' AND target_id = $2
				AND status = 'active' ORDER BY id DESC LIMIT 1 FOR UPDATE) AND c.id = e.target_id RETURNING e.id`,
			userID, courseID, s.now()).Scan(&id)
		if err != nil {
			return err
		}
		c.Enrollments = append(c.Enrollments, id)
		return s.record(ctx, tx, c, userID, KindStudy, Target{TypeCourse, courseID}, "")
	})
}
