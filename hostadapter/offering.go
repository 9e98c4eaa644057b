package hostadapter

import "time"

// TargetType says what an order item or an enrollment points to.
type TargetType string

// Target types. Enrollments point to courses and classrooms only.
const (
	TargetCourse     TargetType = "course"
	TargetClassroom  TargetType = "classroom"
	TargetMembership TargetType = "membership"
	TargetOther      TargetType = "other"
)

// Target names an offering, a membership level or something else the host sells.
type Target struct {
	Type TargetType
	ID   string
}

// OfferingStatus is the state of a course or classroom.
type OfferingStatus string

// States of an offering.
const (
	OfferingDraft     OfferingStatus = "draft"
	OfferingPublished OfferingStatus = "published"
	OfferingClosed    OfferingStatus = "closed"
)

// Offering is what is sold and joined: a course, or a classroom (a bundle of courses).
type Offering struct {
	Type           TargetType     // TargetCourse or TargetClassroom; with ID it is the key
	ID             string         // required
	GroupID        string         // several plans or runs of one course share it; empty: none
	Title          string         // required
	Status         OfferingStatus // required
	Price          int64          // minor units, today's price; 0 is free
	Currency       string         // ISO 4217; required when Price > 0
	CategoryPath   []string
	Tags           []string
	RequiredUnits  int       // units (lessons, tasks) that completion needs; 0: not known
	OriginCourseID string    // a copy inside a classroom: the course it was copied from
	CourseIDs      []string  // of a classroom: its courses
	UpdatedAt      time.Time // required
	Deleted        bool      // a tombstone: only Type, ID and UpdatedAt are read
}
