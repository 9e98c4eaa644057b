package proof

import "testing"

// funnelLooks looks at all pages about courses, people, follow-ups and tags.
func (s *stage) funnelLooks(t *testing.T, liked, sold aCourse) {
	person := text(t, s.school, "SELECT learner_id::text FROM public.crm_followups WHERE method <> 'plan' ORDER BY id LIMIT 1")
	buyer := text(t, s.school, "SELECT id::text FROM public.crm_learners WHERE nickname = '退款人'")
	for name, at := range map[string]string{
		"courses": "courses", "classrooms": "classrooms", "labels": "labels",
		"course-potential": liked.page("potential"), "course-pending": "courses/" + s.most(t, "stage = 'pending'") + "?tab=pending",
		"course-enrolled": sold.page("enrolled"), "course-past": "courses/" + s.most(t, "past") + "?tab=past", "course-withdrawn": sold.page("withdrawn"),
		"course-intent":  "courses/" + liked.id + "/intent?learner=" + person,
		"classroom":      "classrooms/" + text(t, s.school, "SELECT id::text FROM public.crm_offerings WHERE type = 'classroom' ORDER BY id LIMIT 1"),
		"followups-team": "followups?who=team", "followup-new": "people/" + person + "/followups/new",
		"label":     "labels/" + text(t, s.school, "SELECT id::text FROM public.crm_labels ORDER BY id LIMIT 1"),
		"interests": "people/" + buyer + "/interests", "dossier-print": "people/" + person + "/print",
		"dossier-timeline-buyer": "people/" + buyer + "?tab=timeline",
	} {
		s.pages.Store(name, at)
	}
	for _, tab := range []string{"timeline", "orders", "courses", "marketing", "followups", "details"} {
		s.pages.Store("dossier-"+tab, "people/"+person+"?tab="+tab)
	}
	s.lookAll(t)
}

// most finds the course with the most people of a sort.
func (s *stage) most(t *testing.T, where string) string {
	t.Helper()
	return text(t, s.school, "SELECT o.id::text FROM public.crm_offerings o WHERE o.type = 'course' ORDER BY (SELECT count(*) FROM public.crm_pairs WHERE offering_id = o.id AND "+where+") DESC, o.id LIMIT 1")
}
