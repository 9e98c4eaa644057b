package api

import (
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) audienceOperations() []operation {
	return under("Audience",
		get("list-fields", "/audience/fields", "What can be asked about people.", a.fieldList),
		get("list-choices", "/audience/choices/{list}", "Values that a field of that list can be compared with.", a.choiceList),
		post("count-audience", "/audience/count", view, "How many people a rule selects, how they can be reached, and how many each of its conditions selects.", a.audienceCount),
		post("list-audience", "/audience/people", view, "The people of a rule, with their contacts masked.", a.audienceList),
		a.audienceExport(),
		post("upload-list", "/lists", edit, "Keeps a list of people, to be asked for by the field list.", a.listUpload).large(),
	)
}

// fieldView is something that can be asked about a person.
type fieldView struct {
	Key     string              `json:"key"`
	Section segment.Section     `json:"section"`
	Type    segment.Type        `json:"type"`
	Label   bilingual           `json:"label"`
	Help    *bilingual          `json:"help,omitempty"`
	Choices segment.Choices     `json:"choices,omitempty" doc:"The list of its values; see GET /audience/choices/{list}."`
	Ops     []segment.Op        `json:"ops" doc:"The usual one first."`
	Narrow  []segment.Narrowing `json:"narrow" doc:"By what it can be narrowed."`
	Lacking bool                `json:"lacking" doc:"The host does not provide it: nothing can be asked."`
}

// bilingual is a text in both languages of the screens.
type bilingual struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

func (a *API) fieldList(c *call, _ *nothing) (all[fieldView], error) {
	env, _, err := a.Segments.EnvFor(c, c.staff.ID)
	if err != nil {
		return all[fieldView]{}, err
	}
	return allOf(env.Catalog.Fields(), func(f segment.Field) fieldView {
		v := fieldView{Key: f.Key, Section: f.Section, Type: f.Type, Label: bilingual(f.Label), Choices: f.Choices, Ops: filled(f.Ops()), Narrow: filled(f.Narrow), Lacking: f.Lacking}
		if f.Help != (segment.Text{}) {
			v.Help = (*bilingual)(&f.Help)
		}
		return v
	}), nil
}

type choiceInput struct {
	List   segment.Choices `path:"list" doc:"The field choices of a field."`
	Search string          `query:"search" maxLength:"100" doc:"A part of the label."`
	Limit  int             `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// choiceView is a value that a field can be compared with.
type choiceView struct {
	Value string `json:"value" doc:"An id of ours or a word, as a rule has it."`
	Label string `json:"label,omitempty" doc:"Absent for the product's own words."`
	Note  string `json:"note,omitempty" doc:"What tells alike labels apart."`
}

// choiceList gives the values of a list. Quick queries are those that the asker may see.
func (a *API) choiceList(c *call, in *choiceInput) (all[choiceView], error) {
	if fixed := in.List.Fixed(); len(fixed) > 0 {
		return allOf(fixed, func(s string) choiceView { return choiceView{Value: s} }), nil
	}
	if in.List == segment.QueryChoices {
		return a.queryChoices(c, in)
	}
	rows, err := a.Segments.Choices(c, in.List, in.Search, in.Limit)
	return allOf(rows, func(x segment.Choice) choiceView { return choiceView(x) }), err
}

// personFields are the fields by which lists show a person.
type personView struct {
	ID           segment.PersonID          `json:"id"`
	HostID       hostadapter.LearnerID     `json:"host_id"`
	Name         string                    `json:"name"`
	Nickname     string                    `json:"nickname,omitempty"`
	Mobile       string                    `json:"mobile,omitempty" doc:"Masked."`
	Email        string                    `json:"email,omitempty" doc:"Masked."`
	Status       hostadapter.LearnerStatus `json:"status"`
	RegisteredAt time.Time                 `json:"registered_at,omitzero"`
	LastLoginAt  time.Time                 `json:"last_login_at,omitzero" doc:"Absent: never."`
	PaidCount    int                       `json:"paid_count"`
	PaidTotal    int64                     `json:"paid_total" doc:"Minor units."`
	LastPaidAt   time.Time                 `json:"last_paid_at,omitzero"`
	MemberLevel  string                    `json:"member_level,omitempty"`
	Tags         []string                  `json:"tags"`
	Gender       hostadapter.Gender        `json:"gender,omitempty"`
	Province     string                    `json:"province,omitempty"`
	City         string                    `json:"city,omitempty"`
	Source       string                    `json:"register_source,omitempty"`
	Enrolled     int                       `json:"enrolled" doc:"Courses and classrooms under way."`
	LastLearnAt  time.Time                 `json:"last_learn_at,omitzero"`
	Contacted    *contactView              `json:"contacted,omitempty" doc:"The latest campaign message."`
}

type contactView struct {
	At      time.Time           `json:"at"`
	Channel hostadapter.Channel `json:"channel"`
	Clicked bool                `json:"clicked"`
}

// personOf shows a person as lists do: whoever asks, contacts are masked. See GET
// /people/{id}/contact for the whole ones.
func personOf(p segment.Person) personView {
	v := personView{ID: p.ID, HostID: p.HostID, Name: p.Name(), Nickname: p.Nickname, Mobile: desk.MaskMobile(p.Mobile), Email: desk.MaskEmail(p.Email),
		Status: p.Status, RegisteredAt: p.RegisteredAt, LastLoginAt: p.LastLoginAt, PaidCount: p.PaidCount, PaidTotal: p.PaidTotal, LastPaidAt: p.LastPaidAt,
		MemberLevel: p.MemberLevel, Tags: filled(p.Tags), Gender: p.Gender, Province: p.Province, City: p.City, Source: p.RegisterSource, Enrolled: p.Enrolled,
		LastLearnAt: p.LastLearnAt}
	if !p.Contacted.At.IsZero() {
		v.Contacted = &contactView{p.Contacted.At, p.Contacted.Channel, p.Contacted.Clicked}
	}
	return v
}

// peopleBody is an input that names people and nothing else.
type peopleBody struct {
	Body struct {
		People whom `json:"people"`
	}
}

// countView says how large an audience is.
type countView struct {
	Matched int64       `json:"matched"`
	All     int64       `json:"all" doc:"People there are; up to a minute old."`
	Email   int64       `json:"email" doc:"Of the matched: with a usable address."`
	SMS     int64       `json:"sms" doc:"Of the matched: with a usable number."`
	Message int64       `json:"message" doc:"Of the matched: with an account in the host."`
	Rested  int64       `json:"rested" doc:"Left out by rest_days."`
	Parts   []partCount `json:"parts"`
	TookMS  int64       `json:"took_ms"`
}

// partCount is how many a part of the rule selects by itself.
type partCount struct {
	Path  string `json:"path" doc:"1.0 is the first member of the second member."`
	Count int64  `json:"count"`
}

func (a *API) audienceCount(c *call, in *peopleBody) (countView, error) {
	rule, err := c.ruleOf(in.Body.People)
	if err != nil {
		return countView{}, err
	}
	n, _, err := a.Segments.Audience(c, segment.Query{Rule: rule, Sort: segment.Sorts()[0], Limit: 1, Parts: true, Rest: in.Body.People.RestDays})
	if err != nil {
		return countView{}, err
	}
	v := countView{Matched: n.Matched, All: n.All, Email: n.Email, SMS: n.SMS, Message: n.Message, Rested: n.Rested, Parts: []partCount{}, TookMS: n.Took.Milliseconds()}
	for i, part := range rule.Paths() {
		if i < len(n.Members) {
			v.Parts = append(v.Parts, partCount{part.Path, n.Members[i]})
		}
	}
	return v, nil
}

type audienceInput struct {
	Body struct {
		People whom         `json:"people"`
		Sort   segment.Sort `json:"sort,omitempty" doc:"Largest or latest first; absent: by last login."`
		After  string       `json:"after,omitempty" maxLength:"4000" doc:"The field next of the page before."`
		Limit  int          `json:"limit,omitempty" minimum:"1" maximum:"100" default:"50"`
	}
}

func (a *API) audienceList(c *call, in *audienceInput) (page[personView], error) {
	rule, err := c.ruleOf(in.Body.People)
	if err != nil {
		return page[personView]{}, err
	}
	q := segment.Query{Rule: rule, Sort: in.Body.Sort, After: in.Body.After, Limit: in.Body.Limit, Rest: in.Body.People.RestDays}
	if q.Sort == "" {
		q.Sort = segment.Sorts()[0]
	}
	list, err := a.Segments.List(c, q)
	return pageOf(list.People, list.Next, personOf), err
}
