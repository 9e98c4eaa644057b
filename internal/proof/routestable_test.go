package proof

// beyond lists the operations for which no page stands: pages know who is looking, and send in two steps.
const beyond = `get-staff send-campaign`

// routes says by hand which operations of the JSON API serve what a page or an action of the panel
// serves: "route = operations", or "route - why none has to".
const routes = `
GET  /{$} = get-home get-usage get-sms-balance list-queries get-query list-followups tally-followups get-sync
POST /prefs - language and theme are the browser's, in a cookie
POST /search = search

GET  /audience = list-fields count-audience list-audience list-queries get-query
POST /audience = count-audience list-audience
GET  /audience/choices = list-choices
POST /audience/select - carries what was ticked to the next page; create-draft takes the rule itself
POST /audience/export = export-audience
GET  /people/{id} = get-person get-person-details list-person-timeline list-person-orders list-person-places list-person-deliveries list-person-consents list-person-followups list-person-labels
GET  /people/{id}/why = explain-person
GET  /people/{id}/print = get-person-dossier
POST /people/{id}/print = get-person-dossier show-person-contact
POST /people/{id}/contact = show-person-contact
POST /people/{id}/consent = set-person-consent
GET  /people/{id}/message = get-person list-channels
POST /people/{id}/message = start-person-message

GET  /queries = list-queries get-query
POST /queries = create-query
GET  /queries/new - the empty form of create-query
POST /queries/{id} = update-query
GET  /queries/{id}/edit = get-query
POST /queries/{id}/set = update-query move-query
GET  /queries/{id}/delete - asks before delete-query
POST /queries/{id}/delete = delete-query

GET  /lists/new - the empty form of upload-list
POST /lists/new = upload-list

GET  /courses = list-offerings
POST /courses/export = export-offerings
GET  /courses/{id} = get-offering get-offering-exits list-offering-people
GET  /courses/{id}/intent = get-offering-person
POST /courses/{id}/intent = set-offering-intent
POST /courses/{id}/reason = set-offering-reason
GET  /classrooms = list-offerings
POST /classrooms/export = export-offerings
GET  /classrooms/{id} = get-offering get-offering-exits list-offering-people
GET  /classrooms/{id}/intent = get-offering-person
POST /classrooms/{id}/intent = set-offering-intent
POST /classrooms/{id}/reason = set-offering-reason

GET  /campaigns = list-campaigns list-drafts
GET  /campaigns/new - the choices of create-draft
POST /campaigns/new = create-draft
GET  /campaigns/offerings = list-choices
GET  /drafts/{key} = get-draft check-draft dry-run-draft preview-draft list-draft-tests list-channels list-templates
POST /drafts/{key} = update-draft check-draft dry-run-draft preview-draft test-draft launch-draft delete-draft
GET  /drafts/{key}/audience - leads to the audience with the rule that get-draft gives
GET  /drafts/{key}/people = list-draft-people
GET  /drafts/{key}/tests = list-draft-tests
GET  /drafts/{key}/mail = preview-draft
GET  /drafts/{key}/drop - asks before delete-draft
GET  /campaigns/{id} = get-campaign list-campaign-recipients get-campaign-lift
GET  /campaigns/{id}/clicks = get-campaign-clicks
POST /campaigns/{id}/pause = do-campaign
POST /campaigns/{id}/resume = do-campaign
POST /campaigns/{id}/late = do-campaign
GET  /campaigns/{id}/cancel - asks before do-campaign
POST /campaigns/{id}/cancel = do-campaign
GET  /campaigns/{id}/resend - asks before do-campaign
POST /campaigns/{id}/resend = do-campaign
POST /campaigns/{id}/copy = copy-campaign
POST /campaigns/{id}/again = follow-up-campaign
POST /campaigns/{id}/export = export-campaign-recipients

GET  /followups = list-followups tally-followups
GET  /followups/new - the empty form of plan-followups
POST /followups/new = plan-followups
POST /followups/select - carries what was ticked to the next page; plan-followups takes the rule itself
GET  /followups/{id} = get-followup
POST /followups/{id} = update-followup
POST /followups/{id}/done = finish-followup
GET  /people/{id}/followups/new = list-person-subjects list-staff
POST /people/{id}/followups = add-followup

GET  /labels = list-labels
POST /labels = create-label
GET  /labels/bulk - the empty form of apply-label
POST /labels/bulk = apply-label
POST /labels/select - carries what was ticked to the next page; apply-label takes the rule itself
GET  /labels/batches/{id} = get-label-batch
POST /labels/batches/{id}/undo = undo-label-batch
GET  /labels/{id} = list-labels
POST /labels/{id}/rename = rename-label
POST /labels/{id}/merge = merge-label
POST /labels/{id}/delete = delete-label
POST /people/{id}/labels = add-person-label remove-person-label
GET  /people/{id}/interests = list-person-interests

GET  /suppressions = list-suppressions
POST /suppressions/lookup = find-suppression
POST /suppressions/whole = show-suppressions
POST /suppressions/add = add-suppressions
POST /suppressions/remove = remove-suppression

GET  /templates = list-templates
POST /templates = create-template
GET  /templates/new - the empty form of create-template
POST /templates/mail = preview-template
GET  /templates/{id} = get-template preview-template
POST /templates/{id} = update-template preview-template submit-template
POST /templates/{id}/submit = submit-template
GET  /templates/{id}/archive - asks before archive-template
POST /templates/{id}/archive = archive-template

GET  /links = list-links
POST /links = create-link
GET  /links/new - the empty form of create-link
GET  /links/{id} = get-link get-link-clicks
POST /links/{id} = update-link
GET  /links/{id}/qr.svg = get-link-qr
GET  /links/{id}/archive - asks before archive-link
POST /links/{id}/archive = archive-link
POST /links/{id}/restore = restore-link

GET  /reports = compare-campaigns
POST /reports/campaigns/export = export-campaign-report
GET  /reports/offerings = compare-offerings
POST /reports/offerings/export = export-offering-report
GET  /reports/audience = audience-growth
POST /reports/audience/export = export-audience-growth

GET  /settings = get-settings
POST /settings = save-settings
GET  /settings/channels = list-settings-channels list-channel-tests
POST /settings/channels = test-channel ask-sms-balance
GET  /settings/staff = list-settings-staff
GET  /settings/audit = list-audit list-audit-staff
POST /settings/audit/export = export-audit
GET  /health = get-health
GET  /people/{id}/erase - asks before erase-person
POST /people/{id}/erase = erase-person

GET  /sync = get-sync
GET  /sync/problems = list-sync-problems
POST /sync/repair = repair-sync
`
