package hostadapter

import "slices"

// Permission is a right of a member of staff in the CRM.
type Permission string

// Permissions.
const (
	PermView              Permission = "view"                // open the CRM
	PermContactView       Permission = "contact_view"        // see whole phone numbers and addresses, and find people by them
	PermSegmentEdit       Permission = "segment_edit"        // save and change quick queries
	PermCampaignSend      Permission = "campaign_send"       // send campaigns
	PermCampaignSendLarge Permission = "campaign_send_large" // … to more people than a setting
	PermTemplateEdit      Permission = "template_edit"
	PermTemplateApprove   Permission = "template_approve"
	PermExport            Permission = "export"
	PermFollowup          Permission = "followup"
	PermSettings          Permission = "settings" // settings, sync repair, problem rows
)

// AllPermissions lists every permission, for an owner's account.
func AllPermissions() []Permission {
	return []Permission{
		PermView, PermContactView, PermSegmentEdit, PermCampaignSend, PermCampaignSendLarge,
		PermTemplateEdit, PermTemplateApprove, PermExport, PermFollowup, PermSettings,
	}
}

// Scope limits which learners a member of staff sees; the zero value is none. Only [ScopeAll] is let
// in so far: every page and every call answers 403 to the others, until sales teams come and the CRM
// can show a team its own learners. Showing them all would be a leak.
type Scope string

// Scopes.
const (
	ScopeNone Scope = ""
	ScopeAll  Scope = "all"
	ScopeTeam Scope = "team"
	ScopeOwn  Scope = "own"
)

// Staff is who works in the CRM. Identity and rights come from the host on every request.
type Staff struct {
	ID          string // required, stable
	Name        string // shown beside what this person did
	Permissions []Permission
	Scope       Scope
	LoginURL    string // with ErrUnauthenticated: where to send the visitor; empty: answer 401
}

// May reports whether the person holds the permission.
func (s Staff) May(p Permission) bool { return slices.Contains(s.Permissions, p) }
