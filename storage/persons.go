package storage

import (
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// personRow is what a list shows of a person.
type personRow struct {
	ID                                                       int64
	HostID, Nickname, RealName, Mobile, Email, Status, Level string
	RegisteredAt, LastLoginAt, LastPaidAt                    bun.NullTime
	PaidCount                                                int
	PaidTotal                                                int64
	Tags                                                     []string `bun:",array"`
	Gender, Province, City, RegisterSource                   string
	Enrolled                                                 int
	LastLearnAt                                              bun.NullTime
	ContactAt                                                bun.NullTime
	ContactChannel                                           string
	ContactClicked                                           bool
}

// personColumns describes crm_learners AS l, in the order of scanPerson.
const personColumns = `l.id, coalesce(l.host_id, '') AS host_id, l.nickname, l.real_name, l.mobile, l.email, l.status,
	l.registered_at, l.last_login_at, l.last_paid_at, l.paid_order_count AS paid_count, l.paid_total,
	coalesce((SELECT nullif(m.level_name, '') FROM crm_memberships m WHERE m.learner_id = l.id AND NOT m.deleted), l.member_level) AS level,
	ARRAY(SELECT t.name FROM crm_tags t WHERE t.id = ANY (l.tag_ids) ORDER BY array_position(l.tag_ids, t.id)) AS tags,
	l.gender, l.province, l.city, l.register_source, l.enrolled_count AS enrolled, l.last_learn_at`

// contactColumns describe the latest campaign message of l, joined by contactJoin.
const (
	contactColumns = `, d.contact_at, coalesce(d.contact_channel, '') AS contact_channel, coalesce(d.contact_clicked, false) AS contact_clicked`
	contactJoin    = ` LEFT JOIN LATERAL (
		SELECT coalesce(x.accepted_at, x.sending_at) AS contact_at, c.channel AS contact_channel,
			EXISTS (SELECT FROM crm_clicks k WHERE k.campaign_id = x.campaign_id AND k.ordinal = x.ordinal AND k.kind = 'human') AS contact_clicked
		FROM crm_deliveries x JOIN crm_campaigns c ON c.id = x.campaign_id
		WHERE x.learner_id = l.id AND x.state IN ('accepted', 'delivered', 'unknown')
		ORDER BY 1 DESC NULLS LAST LIMIT 1) d ON true`
)

func (r personRow) person() segment.Person {
	return segment.Person{ID: segment.PersonID(r.ID), HostID: h.LearnerID(r.HostID), Nickname: r.Nickname, RealName: r.RealName,
		Mobile: r.Mobile, Email: r.Email, Status: h.LearnerStatus(r.Status), RegisteredAt: utc(r.RegisteredAt),
		LastLoginAt: utc(r.LastLoginAt), LastPaidAt: utc(r.LastPaidAt), PaidCount: r.PaidCount, PaidTotal: r.PaidTotal,
		MemberLevel: r.Level, Tags: r.Tags, Gender: h.Gender(r.Gender), Province: r.Province, City: r.City, RegisterSource: r.RegisterSource,
		Enrolled: r.Enrolled, LastLearnAt: utc(r.LastLearnAt),
		Contacted: segment.Contact{At: utc(r.ContactAt), Channel: h.Channel(r.ContactChannel), Clicked: r.ContactClicked}}
}

// scanPerson reads a row of personColumns and contactColumns, behind others.
func scanPerson(rows pgx.Rows, others ...any) (segment.Person, error) {
	var r personRow
	var registered, login, paid, learned, contact sql.NullTime
	err := rows.Scan(append(others, &r.ID, &r.HostID, &r.Nickname, &r.RealName, &r.Mobile, &r.Email, &r.Status, &registered, &login, &paid,
		&r.PaidCount, &r.PaidTotal, &r.Level, &r.Tags, &r.Gender, &r.Province, &r.City, &r.RegisterSource, &r.Enrolled, &learned,
		&contact, &r.ContactChannel, &r.ContactClicked)...)
	for _, t := range []struct {
		to   *bun.NullTime
		from sql.NullTime
	}{{&r.RegisteredAt, registered}, {&r.LastLoginAt, login}, {&r.LastPaidAt, paid}, {&r.LastLearnAt, learned}, {&r.ContactAt, contact}} {
		if t.from.Valid {
			t.to.Time = t.from.Time
		}
	}
	return r.person(), err
}

// orZero gives the time in UTC, or the zero time for none.
func orZero(t sql.NullTime) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}
