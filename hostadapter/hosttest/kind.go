package hosttest

import (
	"maps"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// kind says of a row type what Memory and the suite need to treat all feeds alike.
type kind[T any] struct {
	name      string // of the struct, as in Options.Ignore
	key       func(T) string
	at        func(*T) *time.Time // the time the feed is ordered by
	deleted   func(*T) *bool
	tombstone func(T) T // what a host still knows of a row it removed
	clone     func(T) T
	fed       func(T) bool // nil: every row is fed
}

var learnerKind = kind[hostadapter.Learner]{
	name:    "Learner",
	key:     func(r hostadapter.Learner) string { return string(r.ID) },
	at:      func(r *hostadapter.Learner) *time.Time { return &r.UpdatedAt },
	deleted: func(r *hostadapter.Learner) *bool { return &r.Deleted },
	tombstone: func(r hostadapter.Learner) hostadapter.Learner {
		return hostadapter.Learner{ID: r.ID, UpdatedAt: r.UpdatedAt, Deleted: true}
	},
	clone: func(r hostadapter.Learner) hostadapter.Learner {
		r.Roles, r.Consent, r.Custom = slices.Clone(r.Roles), maps.Clone(r.Consent), maps.Clone(r.Custom)
		return r
	},
}

// offeringKind keys a row by id and type: a course and a classroom may share an id. The NUL
// sorts before everything else, so the order is still that of ids.
var offeringKind = kind[hostadapter.Offering]{
	name: "Offering",
	key: func(r hostadapter.Offering) string {
		return offeringKey(hostadapter.Target{Type: r.Type, ID: r.ID})
	},
	at:      func(r *hostadapter.Offering) *time.Time { return &r.UpdatedAt },
	deleted: func(r *hostadapter.Offering) *bool { return &r.Deleted },
	tombstone: func(r hostadapter.Offering) hostadapter.Offering {
		return hostadapter.Offering{Type: r.Type, ID: r.ID, UpdatedAt: r.UpdatedAt, Deleted: true}
	},
	clone: func(r hostadapter.Offering) hostadapter.Offering {
		r.CategoryPath, r.Tags, r.CourseIDs = slices.Clone(r.CategoryPath), slices.Clone(r.Tags), slices.Clone(r.CourseIDs)
		return r
	},
}

func offeringKey(t hostadapter.Target) string { return t.ID + "\x00" + string(t.Type) }

var orderKind = kind[hostadapter.Order]{
	name:    "Order",
	key:     func(r hostadapter.Order) string { return r.ID },
	at:      func(r *hostadapter.Order) *time.Time { return &r.UpdatedAt },
	deleted: func(r *hostadapter.Order) *bool { return &r.Deleted },
	tombstone: func(r hostadapter.Order) hostadapter.Order {
		return hostadapter.Order{ID: r.ID, UpdatedAt: r.UpdatedAt, Deleted: true}
	},
	clone: func(r hostadapter.Order) hostadapter.Order {
		r.Items, r.Refunds = slices.Clone(r.Items), slices.Clone(r.Refunds)
		return r
	},
}

var enrollmentKind = kind[hostadapter.Enrollment]{
	name:    "Enrollment",
	key:     func(r hostadapter.Enrollment) string { return r.ID },
	at:      func(r *hostadapter.Enrollment) *time.Time { return &r.UpdatedAt },
	deleted: func(r *hostadapter.Enrollment) *bool { return &r.Deleted },
	tombstone: func(r hostadapter.Enrollment) hostadapter.Enrollment {
		return hostadapter.Enrollment{ID: r.ID, UpdatedAt: r.UpdatedAt, Deleted: true}
	},
	clone: func(r hostadapter.Enrollment) hostadapter.Enrollment { return r },
}

var membershipKind = kind[hostadapter.Membership]{
	name:    "Membership",
	key:     func(r hostadapter.Membership) string { return string(r.LearnerID) },
	at:      func(r *hostadapter.Membership) *time.Time { return &r.UpdatedAt },
	deleted: func(r *hostadapter.Membership) *bool { return &r.Deleted },
	tombstone: func(r hostadapter.Membership) hostadapter.Membership {
		return hostadapter.Membership{LearnerID: r.LearnerID, UpdatedAt: r.UpdatedAt, Deleted: true}
	},
	clone: func(r hostadapter.Membership) hostadapter.Membership { return r },
}

// activityKind has no tombstones: what happened, happened.
var activityKind = kind[hostadapter.Activity]{
	name:      "Activity",
	key:       func(r hostadapter.Activity) string { return r.EventID },
	at:        func(r *hostadapter.Activity) *time.Time { return &r.OccurredAt },
	deleted:   func(*hostadapter.Activity) *bool { return new(bool) },
	tombstone: func(r hostadapter.Activity) hostadapter.Activity { return r },
	clone:     func(r hostadapter.Activity) hostadapter.Activity { return r },
	fed: func(r hostadapter.Activity) bool {
		return r.LearnerID != "" || r.Type != hostadapter.ActivityView
	},
}
