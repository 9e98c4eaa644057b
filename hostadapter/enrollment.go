package hostadapter

import "time"

// EnrollmentRole is the part a person has in an offering; the zero value is student.
type EnrollmentRole string

// Enrollment roles.
const (
	EnrolledStudent   EnrollmentRole = "student"
	EnrolledAuditor   EnrollmentRole = "auditor"
	EnrolledTeacher   EnrollmentRole = "teacher"
	EnrolledAssistant EnrollmentRole = "assistant"
)

// EnrollmentStatus is where an enrollment stands.
type EnrollmentStatus string

// Enrollment states. An active enrollment past its ExpiresAt counts as expired.
const (
	EnrollmentActive  EnrollmentStatus = "active"
	EnrollmentLocked  EnrollmentStatus = "locked"
	EnrollmentExpired EnrollmentStatus = "expired"
	EnrollmentExited  EnrollmentStatus = "exited"
)

// JoinReason says how a learner came into an offering; empty is not known.
type JoinReason string

// Join reasons.
const (
	JoinPurchase   JoinReason = "purchase"
	JoinFree       JoinReason = "free"
	JoinMembership JoinReason = "membership"
	JoinImport     JoinReason = "import"
	JoinMarketing  JoinReason = "marketing"
	JoinClassroom  JoinReason = "classroom"
	JoinStaff      JoinReason = "staff"
)

// ExitReason says how a learner left; empty is not known.
type ExitReason string

// Exit reasons.
const (
	ExitSelf      ExitReason = "self"
	ExitRemoved   ExitReason = "removed"
	ExitRefund    ExitReason = "refund"
	ExitExpired   ExitReason = "expired"
	ExitClassroom ExitReason = "classroom_exit"
)

// Enrollment is a learner's place in a course or classroom.
type Enrollment struct {
	ID             string // required
	LearnerID      LearnerID
	Target         Target // a course or classroom
	ViaClassroomID string // the classroom that brought the learner into this course; empty: none
	Role           EnrollmentRole
	Status         EnrollmentStatus
	JoinReason     JoinReason
	JoinedAt       time.Time // required
	ExpiresAt      time.Time // zero: never. A host's 0 or 2147483647 is mapped to zero
	OrderID        string
	DoneUnits      int // units done, of all
	RequiredDone   int // units done, of the required ones
	LastLearnAt    time.Time
	CompletedAt    time.Time
	ExitedAt       time.Time
	ExitReason     ExitReason
	ExitNote       string
	UpdatedAt      time.Time // required
	Deleted        bool      // a tombstone, only ID and UpdatedAt are read: the host removed the row; taken as an exit with unknown reason
}
