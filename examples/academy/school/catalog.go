package school

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Target names what is sold or joined.
type Target struct {
	Type string // course, classroom or vip
	ID   int64
}

// The words in the target_type columns.
const (
	TypeCourse    = "course"
	TypeClassroom = "classroom"
	TypeVIP       = "vip"
)

// Course is a course, or a copy of one inside a classroom.
type Course struct {
	ID                   int64
	Title, Summary       string
	Status               string
	Price                int64 // fen
	CategoryID           int64
	Category, Teacher    string
	Tags                 []string
	Units, RequiredUnits int
	OriginID             int64
	Students             int
}

// Classroom is a bundle of courses.
type Classroom struct {
	ID             int64
	Title, Summary string
	Status         string
	Price          int64
	Category       string
	Tags           []string
	Students       int
	Courses        []Course // set by [School.Classroom] only
}

// Category is a heading of the catalogue.
type Category struct {
	ID   int64
	Name string
}

const selectCourses = `SELECT c.id, c.title, c.summary, c.status, c.price, c.category_id, coalesce(g.name, ''), coalesce(t.real_name, ''),
	c.tags, c.units, c.required_units, c.origin_id, c.student_count
	FROM courses c LEFT JOIN categories g ON g.id = c.category_id LEFT JOIN users t ON t.id = c.teacher_id `

func scanCourse(row scanner) (c Course, err error) {
	var tags string
	err = row.Scan(&c.ID, &c.Title, &c.Summary, &c.Status, &c.Price, &c.CategoryID, &c.Category, &c.Teacher,
		&tags, &c.Units, &c.RequiredUnits, &c.OriginID, &c.Students)
	c.Tags = SplitTags(tags)
	return c, err
}

// SplitTags reads the tags column.
func SplitTags(tags string) []string {
	if tags == "" {
		return nil
	}
	return strings.Split(tags, ",")
}

// Courses lists the published courses, without copies: of a category (0: of all), with a word in
// the title or tags (empty: any), the most popular first.
func (s *School) Courses(ctx context.Context, category int64, word string, limit int) ([]Course, error) {
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.TrimSpace(word)) + "%"
	return list(ctx, s.db, "list courses", scanCourse, selectCourses+`WHERE c.status = 'published' AND c.origin_id = 0
		AND ($1::bigint = 0 OR g.id = $1 OR g.parent_id = $1) AND (c.title LIKE $2 OR c.tags LIKE $2)
		ORDER BY c.student_count DESC, c.id LIMIT $3`, category, like, limit)
}

// Course finds a course in any state.
func (s *School) Course(ctx context.Context, id int64) (Course, error) {
	return one(ctx, s.db, "find course", scanCourse, selectCourses+"WHERE c.id = $1", id)
}

// Categories lists the top of the category tree.
func (s *School) Categories(ctx context.Context) ([]Category, error) {
	return list(ctx, s.db, "list categories", func(row scanner) (c Category, err error) {
		return c, row.Scan(&c.ID, &c.Name)
	}, "SELECT id, name FROM categories WHERE parent_id = 0 ORDER BY id")
}

const selectClassrooms = `SELECT r.id, r.title, r.summary, r.status, r.price, coalesce(g.name, ''), r.tags, r.student_count
	FROM classrooms r LEFT JOIN categories g ON g.id = r.category_id `

func scanClassroom(row scanner) (r Classroom, err error) {
	var tags string
	err = row.Scan(&r.ID, &r.Title, &r.Summary, &r.Status, &r.Price, &r.Category, &tags, &r.Students)
	r.Tags = SplitTags(tags)
	return r, err
}

// Classrooms lists the published classrooms.
func (s *School) Classrooms(ctx context.Context) ([]Classroom, error) {
	return list(ctx, s.db, "list classrooms", scanClassroom, selectClassrooms+"WHERE r.status = 'published' ORDER BY r.id")
}

// Classroom finds a classroom with its courses.
func (s *School) Classroom(ctx context.Context, id int64) (Classroom, error) {
	r, err := one(ctx, s.db, "find classroom", scanClassroom, selectClassrooms+"WHERE r.id = $1", id)
	if err != nil {
		return r, err
	}
	r.Courses, err = list(ctx, s.db, "list courses of classroom", scanCourse,
		selectCourses+"JOIN classroom_courses cc ON cc.course_id = c.id WHERE cc.classroom_id = $1 ORDER BY cc.seq", id)
	return r, err
}

// SetPrice changes a course's price, in fen.
func (s *School) SetPrice(ctx context.Context, courseID, price int64) error {
	if price < 0 || price > 10_000_00 {
		return fmt.Errorf("set price: %w", ErrBadRequest)
	}
	return s.change(ctx, "set price", func(tx *sql.Tx, c *Change) error {
		c.Courses = append(c.Courses, courseID)
		return mustTouch(tx.ExecContext(ctx, "UPDATE courses SET price = $2, updated_at = $3 WHERE id = $1", courseID, price, s.now()))
	})
}

// offer is what an order needs to know about its target.
type offer struct {
	title string
	price int64
}

// offerOf finds a target that is on sale.
func offerOf(ctx context.Context, q querier, t Target) (offer, error) {
	query := map[string]string{
		TypeCourse:    "SELECT title, price FROM courses WHERE id = $1 AND status = 'published' AND origin_id = 0",
		TypeClassroom: "SELECT title, price FROM classrooms WHERE id = $1 AND status = 'published'",
		TypeVIP:       "SELECT name, price FROM member_levels WHERE id = $1",
	}[t.Type]
	if query == "" {
		return offer{}, ErrBadRequest
	}
	return one(ctx, q, "find offer", func(row scanner) (o offer, err error) { return o, row.Scan(&o.title, &o.price) }, query, t.ID)
}
