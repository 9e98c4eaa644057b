package proof

// matrix says by hand what every page and action of the panel asks for, so that a permission moves
// only on purpose: a permission, a method and a path below the mount. Of permissions joined by "|" any
// will do, and the router asks for view; of those joined by "+" all are needed, and the router asks for
// the first. The page sees to the rest. A number behind a page is what it
// answers here, asked for nothing in particular, to who may see it, where that is not 200.
const matrix = `
view             GET  /{$}
view             POST /prefs
view             POST /search

view             GET  /audience
view             POST /audience
view             GET  /audience/choices 404
campaign_send    POST /audience/select
export           POST /audience/export
view             GET  /people/{id}
view             GET  /people/{id}/why
view             GET  /people/{id}/print
contact_view     POST /people/{id}/print
contact_view     POST /people/{id}/contact
campaign_send    POST /people/{id}/consent
campaign_send    GET  /people/{id}/message
campaign_send    POST /people/{id}/message

view             GET  /queries
segment_edit     POST /queries
segment_edit     GET  /queries/new
segment_edit     POST /queries/{id}
segment_edit     GET  /queries/{id}/edit
segment_edit     POST /queries/{id}/set
segment_edit     GET  /queries/{id}/delete
segment_edit     POST /queries/{id}/delete

segment_edit     GET  /lists/new
segment_edit     POST /lists/new

view             GET  /courses
export           POST /courses/export
view             GET  /courses/{id}
view             GET  /courses/{id}/intent 422
followup         POST /courses/{id}/intent
followup         POST /courses/{id}/reason
view             GET  /classrooms
export           POST /classrooms/export
view             GET  /classrooms/{id}
view             GET  /classrooms/{id}/intent 422
followup         POST /classrooms/{id}/intent
followup         POST /classrooms/{id}/reason

view             GET  /campaigns
campaign_send    GET  /campaigns/new
campaign_send    POST /campaigns/new
view             GET  /campaigns/offerings
campaign_send    GET  /drafts/{key}
campaign_send    POST /drafts/{key}
campaign_send    GET  /drafts/{key}/audience 303
campaign_send    GET  /drafts/{key}/people
campaign_send    GET  /drafts/{key}/tests 303
campaign_send    GET  /drafts/{key}/mail
campaign_send    GET  /drafts/{key}/drop
view             GET  /campaigns/{id}
view             GET  /campaigns/{id}/clicks
campaign_send    POST /campaigns/{id}/pause
campaign_send    POST /campaigns/{id}/resume
campaign_send    POST /campaigns/{id}/late
campaign_send    GET  /campaigns/{id}/cancel 409
campaign_send    POST /campaigns/{id}/cancel
campaign_send    GET  /campaigns/{id}/resend 409
campaign_send    POST /campaigns/{id}/resend
campaign_send    POST /campaigns/{id}/copy
campaign_send    POST /campaigns/{id}/again
export           POST /campaigns/{id}/export

view             GET  /followups
followup         GET  /followups/new
followup         POST /followups/new
followup         POST /followups/select
view             GET  /followups/{id}
followup         POST /followups/{id}
followup         POST /followups/{id}/done
followup         GET  /people/{id}/followups/new
followup         POST /people/{id}/followups

view             GET  /labels
segment_edit     POST /labels
segment_edit     GET  /labels/bulk
segment_edit     POST /labels/bulk
segment_edit     POST /labels/select
view             GET  /labels/batches/{id}
segment_edit     POST /labels/batches/{id}/undo
segment_edit     GET  /labels/{id}
segment_edit     POST /labels/{id}/rename
segment_edit     POST /labels/{id}/merge
segment_edit     POST /labels/{id}/delete
followup|segment_edit POST /people/{id}/labels
view             GET  /people/{id}/interests

view             GET  /suppressions
view             POST /suppressions/lookup
contact_view     POST /suppressions/whole
settings         POST /suppressions/add
settings         POST /suppressions/remove

view             GET  /templates
template_edit    POST /templates
template_edit    GET  /templates/new
template_edit    POST /templates/mail
template_edit    GET  /templates/{id}
template_edit    POST /templates/{id}
template_approve POST /templates/{id}/submit
template_edit    GET  /templates/{id}/archive
template_edit    POST /templates/{id}/archive

view             GET  /links
campaign_send    POST /links
campaign_send    GET  /links/new
view             GET  /links/{id}
campaign_send    POST /links/{id}
view             GET  /links/{id}/qr.svg
campaign_send    GET  /links/{id}/archive
campaign_send    POST /links/{id}/archive
campaign_send    POST /links/{id}/restore

view             GET  /sync
settings         GET  /sync/problems
settings         POST /sync/repair

view             GET  /reports
export           POST /reports/campaigns/export
view             GET  /reports/offerings
export           POST /reports/offerings/export
view             GET  /reports/audience
export           POST /reports/audience/export

settings         GET  /settings
settings         POST /settings
settings         GET  /settings/channels
settings         POST /settings/channels
settings         GET  /settings/staff
settings         GET  /settings/audit
settings+export  POST /settings/audit/export
settings         GET  /health
settings         GET  /people/{id}/erase
settings         POST /people/{id}/erase
`
