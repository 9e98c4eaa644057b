package storage

import (
	"maps"
	"slices"
	"testing"

	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// TestWhatIsOffered: of each list what can be chosen, and what can still be named when a rule of
// earlier days has it.
func TestWhatIsOffered(t *testing.T) {
	t.Parallel()
	s := newSchool(t, three())
	s.sync(t)
	if _, err := s.db.bun.ExecContext(t.Context(), `
		DELETE FROM crm_tags; UPDATE crm_offerings SET tag_ids = '{}'; ALTER TABLE crm_tags ALTER id RESTART; ALTER TABLE crm_labels ALTER id RESTART;
		INSERT INTO crm_tags (name) VALUES ('of a course'), ('of a category');
		UPDATE crm_offerings SET tag_ids = '{1}' WHERE host_id = '1';
		INSERT INTO crm_labels (name, by_id, by_name, created_at, merged_into, deleted_at) VALUES
			('live', '', '', now(), NULL, NULL), ('merged', '', '', now(), 1, NULL), ('deleted', '', '', now(), NULL, now());
		INSERT INTO crm_followups (learner_id, method, at, next_at, done_at, owner_id, owner_name, by_id, by_name) VALUES
			(1, 'plan', now(), now(), NULL, 's1', 'before', '', ''), (1, 'plan', now(), now(), NULL, 's1', 'Ann', '', ''),
			(1, 'plan', now(), now(), now(), 's2', 'Bob', '', ''), (1, 'phone', now(), NULL, NULL, '', '', '', '');`); err != nil {
		t.Fatal(err)
	}
	service := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, hosttest.SeedTime)
	for _, c := range []struct {
		of      segment.Choices
		offered []string
		named   []string // of these values
	}{
		{segment.TagChoices, []string{"of a course"}, []string{"of a category", "of a course"}},
		{segment.InterestChoices, []string{"of a category", "of a course"}, []string{"of a category", "of a course"}},
		{segment.LabelChoices, []string{"live"}, []string{"live"}},
		{segment.OwnerChoices, []string{"Ann"}, []string{"Ann", "Bob"}},
	} {
		list, err := service.Choices(t.Context(), c.of, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		var offered []string
		for _, choice := range list {
			offered = append(offered, choice.Label)
		}
		if !slices.Equal(offered, c.offered) {
			t.Errorf("%s offers %q, want %q", c.of, offered, c.offered)
		}
		labels, err := service.Labels(t.Context(), c.of, []string{"1", "2", "3", "s1", "s2"})
		if named := slices.Sorted(maps.Values(labels)); err != nil || !slices.Equal(named, c.named) {
			t.Errorf("%s names %q, %v, want %q", c.of, named, err, c.named)
		}
	}
}
