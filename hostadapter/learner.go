package hostadapter

import "time"

// LearnerID is the host's id of an account.
type LearnerID string

// Gender of a learner; the zero value is unknown.
type Gender string

// Genders.
const (
	GenderUnknown Gender = ""
	GenderMale    Gender = "male"
	GenderFemale  Gender = "female"
)

// LearnerStatus is the state of an account.
type LearnerStatus string

// States of an account. A deleted account may instead be fed with Deleted set.
const (
	LearnerActive  LearnerStatus = "active"
	LearnerLocked  LearnerStatus = "locked"
	LearnerDeleted LearnerStatus = "deleted"
)

// Device is where an account was made; the zero value is unknown.
type Device string

// Devices.
const (
	DeviceUnknown Device = ""
	DeviceWeb     Device = "web"
	DeviceIOS     Device = "ios"
	DeviceAndroid Device = "android"
)

// Role of an account in the host. An account with any role but student is not marketed to.
type Role string

// Roles. A host's other roles are mapped to the nearest of these.
const (
	RoleStudent Role = "student"
	RoleTeacher Role = "teacher"
	RoleStaff   Role = "staff"  // administrators, operators, sales
	RoleSystem  Role = "system" // robots and technical accounts
)

// Channel is a way to reach a learner.
type Channel string

// Channels.
const (
	ChannelSMS     Channel = "sms"
	ChannelEmail   Channel = "email"
	ChannelMessage Channel = "message" // the host's private message (私信)
)

// ConsentState is what a learner said about marketing on a channel; the zero value is unknown,
// which is neither yes nor no.
type ConsentState string

// Consent states.
const (
	ConsentUnknown ConsentState = ""
	ConsentGranted ConsentState = "granted"
	ConsentDenied  ConsentState = "denied"
)

// Consent per channel; an absent channel is unknown.
type Consent map[Channel]ConsentState

// Learner is an account of the host.
type Learner struct {
	ID             LearnerID // required
	Nickname       string    // the public user name
	RealName       string    // empty when not known
	Gender         Gender
	Birthday       time.Time // the date in UTC at 00:00; zero: not known
	Mobile         string    // digits, with +country for numbers outside mainland China; empty: none
	MobileVerified bool
	Email          string // empty: none. Made-up addresses are told apart by Config.PlaceholderEmailDomains
	EmailVerified  bool
	Status         LearnerStatus // required
	RegisteredAt   time.Time     // required
	RegisterSource string        // channel of acquisition, the host's own word; empty: not known
	Device         Device
	LastLoginAt    time.Time // zero: never
	Locale         string    // BCP 47, "zh-CN"; empty: not known
	Province, City string
	Roles          []Role // empty means student
	InviterID      LearnerID
	Consent        Consent
	Custom         map[string]CustomValue // the host's own fields by their stable key
	UpdatedAt      time.Time              // required
	Deleted        bool                   // a tombstone: only ID and UpdatedAt are read
}

// CustomValue is a typed value of a host's own field. Exactly one of the four is meant, told by
// Kind; the zero value is an empty text.
type CustomValue struct {
	Kind   CustomKind `json:"kind"`
	Text   string     `json:"text,omitempty"`
	Number float64    `json:"number,omitempty"`
	Date   time.Time  `json:"date,omitzero"`
	Bool   bool       `json:"bool,omitempty"`
}

// CustomKind is the type of a [CustomValue].
type CustomKind string

// Kinds of custom values; the zero value is text.
const (
	CustomText   CustomKind = ""
	CustomNumber CustomKind = "number"
	CustomDate   CustomKind = "date"
	CustomBool   CustomKind = "bool"
)
