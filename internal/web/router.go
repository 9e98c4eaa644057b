package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// route is a page or an action of the panel.
type route struct {
	method, path string
	perm         hostadapter.Permission // besides PermView
	do           func(*request) error
}

// limit bounds the body.
func (rt route) limit() int64 {
	if rt.method == http.MethodPost && (rt.path == "/lists/new" || rt.path == "/suppressions/add") {
		return maxUpload
	}
	return maxBody
}

// routes lists the panel. Whoever lacks PermView sees none of it.
func (w *Web) routes() []route {
	const (
		view     = hostadapter.PermView
		contact  = hostadapter.PermContactView
		send     = hostadapter.PermCampaignSend
		edit     = hostadapter.PermSegmentEdit
		export   = hostadapter.PermExport
		settings = hostadapter.PermSettings
		template = hostadapter.PermTemplateEdit
		approve  = hostadapter.PermTemplateApprove
		followup = hostadapter.PermFollowup

		course, classroom = hostadapter.TargetCourse, hostadapter.TargetClassroom
	)
	return []route{
		{"GET", "/{$}", view, w.home},
		{"POST", "/prefs", view, w.prefs},
		{"POST", "/search", view, w.search},

		{"GET", "/audience", view, w.audience},
		{"POST", "/audience", view, w.audience}, // conditions too many for a URL
		{"GET", "/audience/choices", view, w.choices},
		{"POST", "/audience/select", send, w.selectPeople},
		{"POST", "/audience/export", export, w.export},
		{"GET", "/people/{id}", view, w.person},
		{"GET", "/people/{id}/why", view, w.why},
		{"GET", "/people/{id}/print", view, w.personPrint},
		{"POST", "/people/{id}/print", contact, w.personPrintWhole},
		{"POST", "/people/{id}/contact", contact, w.personContact},
		{"POST", "/people/{id}/consent", send, w.personConsent},
		{"GET", "/people/{id}/message", send, w.personMessage},
		{"POST", "/people/{id}/message", send, w.personMessageStart},

		{"GET", "/queries", view, w.queries},
		{"POST", "/queries", edit, w.queryCreate},
		{"GET", "/queries/new", edit, w.queryNew},
		{"POST", "/queries/{id}", edit, w.queryUpdate},
		{"GET", "/queries/{id}/edit", edit, w.queryEdit},
		{"POST", "/queries/{id}/set", edit, w.querySet},
		{"GET", "/queries/{id}/delete", edit, w.queryDeleteAsk},
		{"POST", "/queries/{id}/delete", edit, w.queryDelete},

		{"GET", "/lists/new", edit, w.listNew},
		{"POST", "/lists/new", edit, w.listUpload}, // takes a file

		{"GET", "/courses", view, w.offeringList(course)},
		{"POST", "/courses/export", export, w.offeringExport(course)},
		{"GET", "/courses/{id}", view, w.offering(course)},
		{"GET", "/courses/{id}/intent", view, w.offeringIntent(course)},
		{"POST", "/courses/{id}/intent", followup, w.offeringLevel(course)},
		{"POST", "/courses/{id}/reason", followup, w.offeringReason(course)},
		{"GET", "/classrooms", view, w.offeringList(classroom)},
		{"POST", "/classrooms/export", export, w.offeringExport(classroom)},
		{"GET", "/classrooms/{id}", view, w.offering(classroom)},
		{"GET", "/classrooms/{id}/intent", view, w.offeringIntent(classroom)},
		{"POST", "/classrooms/{id}/intent", followup, w.offeringLevel(classroom)},
		{"POST", "/classrooms/{id}/reason", followup, w.offeringReason(classroom)},

		{"GET", "/campaigns", view, w.campaigns},
		{"GET", "/campaigns/new", send, w.composerNew},
		{"POST", "/campaigns/new", send, w.draftCreate},
		{"GET", "/campaigns/offerings", view, w.offerings},
		{"GET", "/drafts/{key}", send, w.composer},
		{"POST", "/drafts/{key}", send, w.compose}, // the button says what to do
		{"GET", "/drafts/{key}/audience", send, w.draftAudience},
		{"GET", "/drafts/{key}/people", send, w.draftPeople},
		{"GET", "/drafts/{key}/tests", send, w.draftTests},
		{"GET", "/drafts/{key}/mail", send, w.draftMail},
		{"GET", "/drafts/{key}/drop", send, w.draftDropAsk},
		{"GET", "/campaigns/{id}", view, w.campaign},
		{"GET", "/campaigns/{id}/clicks", view, w.campaignClicks},
		{"POST", "/campaigns/{id}/pause", send, w.moveCampaign("pause")},
		{"POST", "/campaigns/{id}/resume", send, w.moveCampaign("resume")},
		{"POST", "/campaigns/{id}/late", send, w.moveCampaign("late")},
		{"GET", "/campaigns/{id}/cancel", send, w.askCampaign("cancel")},
		{"POST", "/campaigns/{id}/cancel", send, w.moveCampaign("cancel")},
		{"GET", "/campaigns/{id}/resend", send, w.askCampaign("resend")},
		{"POST", "/campaigns/{id}/resend", send, w.moveCampaign("resend")},
		{"POST", "/campaigns/{id}/copy", send, w.copyCampaign},
		{"POST", "/campaigns/{id}/again", send, w.campaignAgain},
		{"POST", "/campaigns/{id}/export", export, w.campaignExport},

		{"GET", "/followups", view, w.followups},
		{"GET", "/followups/new", followup, w.followupsNew},
		{"POST", "/followups/new", followup, w.followupsAdd},
		{"POST", "/followups/select", followup, w.selectFor(w.paths.FollowupsNew)},
		{"GET", "/followups/{id}", view, w.followup},
		{"POST", "/followups/{id}", followup, w.followupUpdate},
		{"POST", "/followups/{id}/done", followup, w.followupDone},
		{"GET", "/people/{id}/followups/new", followup, w.followupNew},
		{"POST", "/people/{id}/followups", followup, w.followupAdd},

		{"GET", "/labels", view, w.labels},
		{"POST", "/labels", edit, w.labelCreate},
		{"GET", "/labels/bulk", edit, w.labelsBulk},
		{"POST", "/labels/bulk", edit, w.labelsApply},
		{"POST", "/labels/select", edit, w.selectFor(w.paths.LabelsBulk)},
		{"GET", "/labels/batches/{id}", view, w.labelBatch},
		{"POST", "/labels/batches/{id}/undo", edit, w.labelUndo},
		{"GET", "/labels/{id}", edit, w.labelEdit},
		{"POST", "/labels/{id}/rename", edit, w.labelRename},
		{"POST", "/labels/{id}/merge", edit, w.labelMerge},
		{"POST", "/labels/{id}/delete", edit, w.labelDelete},
		{"POST", "/people/{id}/labels", view, w.personLabel}, // asks for one of two permissions
		{"GET", "/people/{id}/interests", view, w.personInterests},

		{"GET", "/suppressions", view, w.suppressions},
		{"POST", "/suppressions/lookup", view, w.suppressionLookup},
		{"POST", "/suppressions/whole", contact, w.suppressionsWhole},
		{"POST", "/suppressions/add", settings, w.suppressionAdd}, // takes a file
		{"POST", "/suppressions/remove", settings, w.suppressionRemove},

		{"GET", "/templates", view, w.templates},
		{"POST", "/templates", template, w.templateCreate},
		{"GET", "/templates/new", template, w.templateNew},
		{"POST", "/templates/mail", template, w.templateMail},
		{"GET", "/templates/{id}", template, w.templateEdit},
		{"POST", "/templates/{id}", template, w.templateUpdate},
		{"POST", "/templates/{id}/submit", approve, w.templateSubmit},
		{"GET", "/templates/{id}/archive", template, w.templateArchiveAsk},
		{"POST", "/templates/{id}/archive", template, w.templateArchive},

		{"GET", "/links", view, w.shortLinks},
		{"POST", "/links", send, w.shortCreate},
		{"GET", "/links/new", send, w.shortNew},
		{"GET", "/links/{id}", view, w.shortLink},
		{"POST", "/links/{id}", send, w.shortUpdate},
		{"GET", "/links/{id}/qr.svg", view, w.shortQR},
		{"GET", "/links/{id}/archive", send, w.shortArchiveAsk},
		{"POST", "/links/{id}/archive", send, w.shortArchive},
		{"POST", "/links/{id}/restore", send, w.shortRestore},

		{"GET", "/reports", view, w.campaignReport},
		{"POST", "/reports/campaigns/export", export, w.campaignReportExport},
		{"GET", "/reports/offerings", view, w.offeringReport},
		{"POST", "/reports/offerings/export", export, w.offeringReportExport},
		{"GET", "/reports/audience", view, w.audienceReport},
		{"POST", "/reports/audience/export", export, w.audienceReportExport},

		{"GET", "/settings", settings, w.settings},
		{"POST", "/settings", settings, w.settingsSave},
		{"GET", "/settings/channels", settings, w.settingChannels},
		{"POST", "/settings/channels", settings, w.channelTry},
		{"GET", "/settings/staff", settings, w.settingStaff},
		{"GET", "/settings/audit", settings, w.auditLog},
		{"POST", "/settings/audit/export", settings, w.auditExport}, // asks for export too
		{"GET", "/health", settings, w.health},
		{"GET", "/people/{id}/erase", settings, w.eraseAsk},
		{"POST", "/people/{id}/erase", settings, w.erase},

		{"GET", "/sync", view, w.sync},
		{"GET", "/sync/problems", settings, w.problems},
		{"POST", "/sync/repair", settings, w.repair},
	}
}

// adminHandler mounts the routes below BasePath. Static files need no login: they say nothing
// about anybody, and the page that asks for one needs them.
func (w *Web) adminHandler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range w.routes() {
		mux.Handle(rt.method+" "+w.paths.base+rt.path, w.serve(rt))
	}
	rest := w.paths.base + "/"
	mux.Handle(rest, w.serve(route{perm: hostadapter.PermView, do: func(q *request) error {
		if allow := allowed(mux, q.r, rest); len(allow) > 0 {
			q.w.Header().Set("Allow", strings.Join(allow, ", "))
			return desk.ErrMethod
		}
		return fault.ErrNotFound
	}}))
	mux.Handle("GET "+w.paths.base+"/static/{file}", w.assets)

	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		q := newRequest(rw, r, desk.RequestID())
		pageHeaders(rw.Header())
		w.fail(q, desk.ErrCrossOrigin)
	}))
	return guard.Handler(mux)
}

// allowed lists the methods that a path would have taken.
func allowed(mux *http.ServeMux, r *http.Request, rest string) []string {
	var out []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != rest {
			out = append(out, method)
		}
	}
	return out
}

// id64 reads the number in a path.
func (q *request) id64() (int64, error) { return parseID(q.r.PathValue("id")) }

func parseID(text string) (int64, error) {
	var n int64
	if text == "" || len(text) > 18 {
		return 0, fault.ErrNotFound
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, errors.Join(fault.ErrNotFound, errors.New("not a number"))
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}
