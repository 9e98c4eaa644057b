package storage

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/segment"
)

// Choices implements segment.People.
func (s *Segments) Choices(ctx context.Context, of segment.Choices, search string, limit int) ([]segment.Choice, error) {
	query, ok := choiceQueries[of]
	if !ok || strings.ContainsRune(search, 0) || !utf8.ValidString(search) { // PostgreSQL can hold neither
		return nil, nil
	}
	var rows []segment.Choice
	err := s.bun.NewRaw("SELECT value, label, note FROM ("+query+") c WHERE strpos(lower(label), lower(?)) > 0 ORDER BY rank DESC, label LIMIT ?",
		search, limit).Scan(ctx, &rows)
	return rows, translate(err)
}

// Labels implements segment.People.
func (s *Segments) Labels(ctx context.Context, of segment.Choices, values []string) (map[string]string, error) {
	query, ok := labelQueries[of]
	if !ok {
		query, ok = choiceQueries[of]
	}
	if !ok || len(values) == 0 {
		return map[string]string{}, nil
	}
	var rows []segment.Choice
	if err := s.bun.NewRaw("SELECT value, label, note FROM ("+query+") c WHERE value = ANY (?)", textArray(values)).Scan(ctx, &rows); err != nil {
		return nil, translate(err)
	}
	labels := make(map[string]string, len(rows))
	for _, r := range rows {
		labels[r.Value] = r.Label
	}
	return labels, nil
}

// choiceQueries give value, label, note and rank of each list that comes from the data.
var choiceQueries = map[segment.Choices]string{
	segment.TagChoices:      allTags + ` WHERE id IN (SELECT unnest(tag_ids) FROM crm_offerings)`, // the others are words of categories
	segment.InterestChoices: allTags,
	segment.LabelChoices: `SELECT id::text AS value, name AS label, '' AS note, 0::bigint AS rank FROM crm_labels
		WHERE deleted_at IS NULL AND merged_into IS NULL`,
	segment.OwnerChoices: `SELECT owner_id AS value, (array_agg(owner_name ORDER BY id DESC))[1] AS label, '' AS note, count(*) AS rank FROM crm_followups
		WHERE done_at IS NULL AND next_at IS NOT NULL AND owner_id <> '' GROUP BY owner_id`,
	segment.LevelChoices: `SELECT level_id AS value, coalesce(nullif(max(level_name), ''), level_id) AS label, '' AS note, max(rank)::bigint AS rank
		FROM crm_memberships WHERE NOT deleted GROUP BY level_id`,
	segment.OfferingChoices: `SELECT id::text AS value, CASE WHEN title = '' THEN '#' || host_id ELSE title END AS label, type AS note,
		CASE status WHEN 'published' THEN 1 ELSE 0 END::bigint AS rank FROM crm_offerings WHERE canonical_id = id AND deleted_at IS NULL`,
	segment.CategoryChoices: `SELECT c AS value, c AS label, '' AS note, count(*) AS rank FROM crm_offerings, unnest(category_path) c
		WHERE deleted_at IS NULL GROUP BY c`,
	segment.CampaignChoices: `SELECT id::text AS value, name AS label, channel AS note, id AS rank FROM crm_campaigns`,
	segment.LinkChoices: `SELECT l.id::text AS value, l.target AS label, c.name AS note, l.id AS rank FROM crm_links l JOIN crm_campaigns c ON c.id = l.campaign_id
		WHERE l.kind = 'campaign'`,
	segment.ListChoices:     `SELECT id::text AS value, name AS label, people::text AS note, id::bigint AS rank FROM crm_lists`,
	segment.SourceChoices:   `SELECT value, value AS label, '' AS note, 0::bigint AS rank FROM crm_words WHERE kind = 'source'`,
	segment.ProvinceChoices: `SELECT value, value AS label, '' AS note, 0::bigint AS rank FROM crm_words WHERE kind = 'province'`,
	segment.CityChoices:     `SELECT value, value AS label, '' AS note, 0::bigint AS rank FROM crm_words WHERE kind = 'city'`,
	segment.ActivityChoices: `SELECT value, value AS label, '' AS note, 0::bigint AS rank FROM crm_words WHERE kind = 'activity'`,
}

const allTags = `SELECT id::text AS value, name AS label, '' AS note, 0::bigint AS rank FROM crm_tags`

// labelQueries name what a rule may still ask for although nobody is offered it any more.
var labelQueries = map[segment.Choices]string{
	segment.TagChoices: allTags,
	segment.OwnerChoices: `SELECT owner_id AS value, (array_agg(owner_name ORDER BY id DESC))[1] AS label, '' AS note, 0::bigint AS rank
		FROM crm_followups GROUP BY owner_id`,
}
