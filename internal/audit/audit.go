// Package audit is the vocabulary of the record of who did what. Details are ids and figures,
// never a name, a contact or a message.
package audit

import (
	"context"
	"time"
)

// Action names what was done.
type Action string

// Actions.
const (
	ContactShown Action = "contact.shown"
	Exported     Action = "audience.exported"
	QuerySaved   Action = "query.saved"
	QueryDeleted Action = "query.deleted"
	QueriesMoved Action = "query.moved"
	ListUploaded Action = "list.uploaded"
	Launched     Action = "campaign.launched"
	TestSent     Action = "campaign.tested"

	CampaignPaused    Action = "campaign.paused"
	CampaignResumed   Action = "campaign.resumed"
	CampaignSentLate  Action = "campaign.sent_late"
	CampaignCancelled Action = "campaign.cancelled"
	CampaignResent    Action = "campaign.unknown_resent"
	CampaignExported  Action = "campaign.exported"

	ConsentEntered     Action = "consent.entered"
	SuppressionAdded   Action = "suppression.added"
	SuppressionRemoved Action = "suppression.removed"

	TemplateSaved     Action = "template.saved"
	TemplateSubmitted Action = "template.submitted"
	TemplateArchived  Action = "template.archived"

	LinkSaved    Action = "link.saved"
	LinkArchived Action = "link.archived"
	LinkRestored Action = "link.restored"

	FollowupAdded    Action = "followup.added"
	FollowupEdited   Action = "followup.edited"
	FollowupDone     Action = "followup.done"
	FollowupsPlanned Action = "followup.planned"

	LabelSaved   Action = "label.saved"
	LabelMerged  Action = "label.merged"
	LabelDeleted Action = "label.deleted"
	LabelGiven   Action = "label.given"
	LabelTaken   Action = "label.taken"
	LabelUndone  Action = "label.undone"

	LevelSet  Action = "intent.set"
	ReasonSet Action = "exit.reason_set"

	PersonErased Action = "person.erased"

	SettingsChanged Action = "settings.changed"
	ChannelTested   Action = "channel.tested"
	BalanceAsked    Action = "channel.balance_asked"
	RecordExported  Action = "audit.exported"

	RepairAsked Action = "sync.repair_asked"
)

// Entry is a line of the record.
type Entry struct {
	At        time.Time
	StaffID   string
	StaffName string
	Action    Action
	Object    string         // what it was done to: "person:12"
	Detail    map[string]any // figures; nil: none
	IP        string
	Request   string // the request's id, as in the logs
}

// Log keeps the record; storage.Audit implements it. An entry is written before the deed, which is
// not done when that fails; what makes a new thing is recorded right after, when it has its id.
type Log interface {
	Write(ctx context.Context, e Entry) error
}
