package audit

import (
	"context"
	"time"
)

// Line is an entry of the record as it is read.
type Line struct {
	ID int64 // ascending with time
	Entry
}

// Query narrows the record; the zero value is all of it.
type Query struct {
	StaffID string
	Action  Action
	From    time.Time // at or after; zero: from the first entry
	Until   time.Time // before; zero: to the last
}

// Person is a member of staff who did something.
type Person struct {
	ID   string
	Name string // as last written down
}

// Reader reads the record; storage.Audit implements it.
type Reader interface {
	// Entries gives a page, the latest first: those with an id below before, or from the latest on
	// where that is 0. next is 0 on the last page.
	Entries(ctx context.Context, q Query, before int64, limit int) (page []Line, next int64, err error)
	// Count counts the entries of a query, up to most.
	Count(ctx context.Context, q Query, most int) (int, error)
	// People lists who did something, in the order of their ids.
	People(ctx context.Context, limit int) ([]Person, error)
}

// Actions lists every action, by what it is done to.
func Actions() []Action {
	return []Action{
		ContactShown, Exported, ListUploaded, PersonErased,
		QuerySaved, QueryDeleted, QueriesMoved,
		Launched, TestSent, CampaignPaused, CampaignResumed, CampaignSentLate, CampaignCancelled, CampaignResent, CampaignExported,
		ConsentEntered, SuppressionAdded, SuppressionRemoved,
		TemplateSaved, TemplateSubmitted, TemplateArchived,
		LinkSaved, LinkArchived, LinkRestored,
		FollowupAdded, FollowupEdited, FollowupDone, FollowupsPlanned,
		LabelSaved, LabelMerged, LabelDeleted, LabelGiven, LabelTaken, LabelUndone,
		LevelSet, ReasonSet,
		SettingsChanged, ChannelTested, BalanceAsked, RecordExported, RepairAsked,
	}
}
