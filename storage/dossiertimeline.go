package storage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// eventKey is a place in a timeline. Rank is that of the event's sort among those of one moment, from
// 1; 0: the beginning. Every event has a key of its own, so that none is shown twice or left out.
type eventKey struct {
	At   time.Time `json:"t"`
	Rank int       `json:"r"`
	ID   int64     `json:"i"`
	Sub  int64     `json:"s,omitempty"`
}

func rankOf(w dossier.What) int { return slices.Index(dossier.Whats(), w) + 1 }

// behind is the condition that events x of a rank lie behind the key. It bounds the time by itself,
// so that an index can be entered there.
func (k eventKey) behind(rank int) string {
	switch {
	case k.Rank == 0:
		return "true"
	case rank < k.Rank:
		return "x.at <= ?3"
	case rank > k.Rank:
		return "x.at < ?3"
	}
	return "x.at <= ?3 AND (x.at < ?3 OR (x.id, x.sub) < (?4, ?5))"
}

// dayEnd is the end of the key's day in the site's zone.
func (k eventKey) dayEnd() string {
	if k.Rank == 0 {
		return "'infinity'"
	}
	return "((date_trunc('day', ?3::timestamptz AT TIME ZONE ?7) + interval '1 day') AT TIME ZONE ?7)"
}

// timelineSQL reads the events of a filter behind a key: the newest few of each source, of all those
// the newest few, and only of these what there is to tell.
func timelineSQL(f dossier.Filter, key eventKey) string {
	var branches, details []string
	for _, s := range eventSources() {
		var ranks []string
		var kept []moment
		for _, m := range s.moments {
			if f.Keeps(m.what) {
				ranks, kept = append(ranks, strconv.Itoa(rankOf(m.what))), append(kept, m)
			}
		}
		if len(kept) == 0 {
			continue
		}
		details = append(details, "WHEN k.rank IN ("+strings.Join(ranks, ", ")+") THEN "+s.detail)
		if s.keys == "" {
			branches = append(branches, rowBranch(s.rows, kept, key))
		} else {
			branches = append(branches, keyBranch(s.keys, kept[0].what, key))
		}
	}
	return `WITH given AS (SELECT ?0::bigint, ?1::bigint, ?2::timestamptz, ?3::timestamptz, ?4::bigint, ?5::bigint, ?6::bigint, ?7::text) -- the types of all, used or not
		SELECT k.at, k.rank, k.id, k.sub, k.n, CASE ` + strings.Join(details, "\n") + ` END AS detail
		FROM (SELECT * FROM (` + strings.Join(branches, "\nUNION ALL\n") + `) k ORDER BY k.at DESC, k.rank DESC, k.id DESC, k.sub DESC LIMIT ?6) k
		ORDER BY k.at DESC, k.rank DESC, k.id DESC, k.sub DESC`
}

// keyBranch reads events of one sort, no more than are wanted.
func keyBranch(keys string, w dossier.What, key eventKey) string {
	behind := key.behind(rankOf(w))
	if w == dossier.Active {
		keys = fmt.Sprintf(keys, behind, key.dayEnd())
	}
	return fmt.Sprintf("(SELECT x.at, %d AS rank, x.id, x.sub::bigint AS sub, x.n::bigint AS n FROM (%s) x WHERE %s ORDER BY x.at DESC, x.id DESC, x.sub DESC LIMIT ?6)",
		rankOf(w), keys, behind)
}

// rowBranch reads the events of several sorts that rows make.
func rowBranch(rows string, moments []moment, key eventKey) string {
	values := make([]string, len(moments))
	for i, m := range moments {
		values[i] = fmt.Sprintf("(%s, %d)", m.at, rankOf(m.what))
	}
	behind := "v.at IS NOT NULL"
	if key.Rank > 0 {
		behind = fmt.Sprintf("(v.at, v.rank, x.id, x.sub) < (?3, %d, ?4, ?5)", key.Rank)
	}
	return "(SELECT v.at, v.rank, x.id, x.sub::bigint AS sub, 1::bigint AS n FROM (" + rows + ") x, LATERAL (VALUES " + strings.Join(values, ", ") + ") v (at, rank) WHERE " + behind + ")"
}

// timelineArgs are the arguments of timelineSQL, one row more than a page wanted.
func timelineArgs(id segment.PersonID, key eventKey, limit int, t dossier.Terms) []any {
	return []any{int64(id), int64(t.Window.Seconds()), t.Now, key.At, key.ID, key.Sub, limit + 1, t.Location.String()}
}

// Timeline implements dossier.Store.
func (s *Dossiers) Timeline(ctx context.Context, id segment.PersonID, f dossier.Filter, after string, limit int, t dossier.Terms) (dossier.Page[dossier.Event], error) {
	var key eventKey
	if err := readCursor(after, &key); err != nil {
		return dossier.Page[dossier.Event]{}, err
	}
	var rows []dossier.Event
	var size dossier.Size
	events := told(timelineSQL(f, key), timelineArgs(id, key, limit, t), func(r eventRow) { rows = append(rows, r.event()) })
	events.prepare = true // five filters, and as many ways on as there are sorts of events
	err := s.about(ctx, withSize(&size, id, after, events)...)
	return pageOf(rows, limit, size, func(e dossier.Event) any { return eventKey{e.At, rankOf(e.What), e.ID, e.Part} }), err
}

type eventRow struct {
	At         time.Time
	Rank       int
	ID, Sub, N int64
	Detail     struct {
		Activity string
		Offering int64
		Type     string
		Titles   []string
		Order    string
		Amount   int64
		Currency string
		Refund   string
		Join     string
		Exit     string
		Campaign int64
		Name     string
		Channel  string
		State    string
		Reason   string
		Consent  string
		Source   string
		By       string
		Method   string
		Text     string
		Level    string
		Before   string
		Label    string
		Added    bool
		Undone   bool
		Many     bool
		EditedAt time.Time `json:"edited_at"`
		NextAt   time.Time `json:"next_at"`
	}
}

// count is how many deeds the event stands for.
func (r eventRow) count() int {
	if r.Rank == rankOf(dossier.Active) {
		return int(r.N)
	}
	return 1
}

func (r eventRow) event() dossier.Event {
	d := r.Detail
	return dossier.Event{What: dossier.Whats()[r.Rank-1], At: r.At.UTC(), ID: r.ID, Part: r.Sub, Count: r.count(), Activity: h.ActivityType(d.Activity),
		Offering: funnel.OfferingID(d.Offering), Type: h.TargetType(d.Type), Titles: d.Titles, Order: d.Order, Amount: d.Amount, Currency: d.Currency, Refund: h.RefundStatus(d.Refund),
		Join: h.JoinReason(d.Join), Exit: h.ExitReason(d.Exit), Campaign: campaign.ID(d.Campaign), Name: d.Name, Channel: h.Channel(d.Channel),
		State: campaign.DeliveryState(d.State), Reason: campaign.Reason(d.Reason), Consent: h.ConsentState(d.Consent), Source: campaign.ConsentSource(d.Source),
		By: d.By, Method: d.Method, Text: d.Text, Level: funnel.Level(d.Level), Before: funnel.Level(d.Before), Label: d.Label, Added: d.Added,
		Undone: d.Undone, Many: d.Many, EditedAt: d.EditedAt.UTC(), NextAt: d.NextAt.UTC()}
}
