package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// word stands for a type of words in the document, which lists them. Types of words that hosts may
// add to are plain texts.
type word[T ~string] string

// Schema implements huma.SchemaProvider.
func (word[T]) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: words()[reflect.TypeFor[T]()]}
}

// words lists the product's own words by their type.
func words() map[reflect.Type][]any {
	out := map[reflect.Type][]any{}
	list(out, desk.Channels()...)
	list(out, segment.Sorts()...)
	list(out, segment.Sections()...)
	list(out, segment.KindID, segment.KindMobile, segment.KindEmail)
	list(out, segment.Hour, segment.Day, segment.Week, segment.Month, segment.Year)
	list(out, campaign.Scheduled, campaign.Late, campaign.Planning, campaign.Sending, campaign.Paused, campaign.Done, campaign.CalledOff)
	list(out, campaign.DeliveryStates()...)
	list(out, campaign.Exclusions()...)
	list(out, campaign.TemplateDraft, campaign.TemplateSubmitted, campaign.TemplateApproved, campaign.TemplateRejected)
	list(out, campaign.SuppressedInvalid, campaign.SuppressedComplaint, campaign.SuppressedImport)
	list(out, campaign.FromPage, campaign.FromOneClick, campaign.FromReply, campaign.FromStaff, campaign.FromHost)
	list(out, campaign.StallUnreachable, campaign.StallRefused, campaign.StallQuiet, campaign.StallConsent, campaign.StallContent,
		campaign.StallRejecting, campaign.StallUnanswered, campaign.StallStaff)
	list(out, campaign.BlockKinds()...)
	list(out, desk.Deeds()...)
	list(out, dossier.Filters()...)
	list(out, dossier.Whats()...)
	list(out, followup.Methods()...)
	list(out, followup.States()...)
	list(out, label.Actions()...)
	list(out, funnel.Levels()...)
	list(out, funnel.Tabs()...)
	list(out, funnel.Stages()...)
	list(out, funnel.Studies()...)
	list(out, funnel.Sorts()...)
	list(out, funnel.Categories()...)
	list(out, hostadapter.ConsentGranted, hostadapter.ConsentDenied)
	list(out, projection.Feeds()...)
	list(out, projection.Failures()...)
	list(out, shortlink.FreeStates()...)
	list(out, audit.Actions()...)
	return out
}

func list[T ~string](out map[reflect.Type][]any, all ...T) {
	words := make([]any, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	out[reflect.TypeFor[T]()] = words
}

// registry makes the types of the document.
func registry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	alias[hostadapter.Channel](r)
	alias[segment.Sort](r)
	alias[segment.Section](r)
	alias[segment.IDKind](r)
	alias[segment.Unit](r)
	alias[campaign.State](r)
	alias[campaign.DeliveryState](r)
	alias[campaign.Exclusion](r)
	alias[campaign.TemplateState](r)
	alias[campaign.SuppressionReason](r)
	alias[campaign.ConsentSource](r)
	alias[campaign.Stall](r)
	alias[campaign.BlockKind](r)
	alias[desk.Deed](r)
	alias[dossier.Filter](r)
	alias[dossier.What](r)
	alias[followup.Method](r)
	alias[followup.State](r)
	alias[label.Action](r)
	alias[funnel.Level](r)
	alias[funnel.Tab](r)
	alias[funnel.Stage](r)
	alias[funnel.Study](r)
	alias[funnel.Sort](r)
	alias[funnel.Category](r)
	alias[hostadapter.ConsentState](r)
	alias[projection.Failure](r)
	alias[shortlink.FreeState](r)
	alias[audit.Action](r)
	return r
}

func alias[T ~string](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[word[T]]())
}
