package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Templates implements campaign.TemplateStore.
type Templates struct{ *DB }

type templateRow struct {
	ID                                     int64
	Channel, Name, State, Supplier, Reason string
	Version                                int
	AskedAt                                bun.NullTime
	ByID, ByName                           string
	UpdatedAt                              time.Time
	Content                                []byte
}

const templateColumns = `t.id, t.channel, t.name, t.state, t.supplier, t.reason, t.version, t.asked_at, t.by_id, t.by_name, t.updated_at, v.content
	FROM crm_templates t JOIN crm_template_versions v ON v.template_id = t.id AND v.version = t.version`

func (r templateRow) template() (campaign.SavedTemplate, error) {
	t := campaign.SavedTemplate{ID: campaign.TemplateID(r.ID), Channel: h.Channel(r.Channel), Name: r.Name, Version: r.Version,
		State: campaign.TemplateState(r.State), Supplier: r.Supplier, Reason: r.Reason, AskedAt: utc(r.AskedAt), ByID: r.ByID, ByName: r.ByName, UpdatedAt: r.UpdatedAt.UTC()}
	if err := json.Unmarshal(r.Content, &t.Content); err != nil {
		return t, fmt.Errorf("template %d: %w", r.ID, err)
	}
	return t, nil
}

// SaveTemplate implements campaign.TemplateStore.
func (s *Templates) SaveTemplate(ctx context.Context, t campaign.SavedTemplate, version int) (campaign.TemplateID, error) {
	content, err := json.Marshal(t.Content)
	if err != nil {
		return 0, fmt.Errorf("template: %w", err)
	}
	id := int64(t.ID)
	err = s.inTx(ctx, func(x *tx) error {
		if id == 0 {
			version = 0
			if err := x.NewRaw(`INSERT INTO crm_templates (channel, name, version, state, by_id, by_name, updated_at) VALUES (?, ?, 1, ?, ?, ?, ?) RETURNING id`,
				string(t.Channel), t.Name, string(t.State), t.ByID, t.ByName, t.UpdatedAt).Scan(ctx, &id); err != nil {
				return err
			}
		} else {
			n, err := x.exec(ctx, `UPDATE crm_templates SET name = ?, version = version + 1, state = ?, supplier = '', reason = '', asked_at = NULL, by_id = ?, by_name = ?, updated_at = ?
				WHERE id = ? AND version = ? AND channel = ? AND NOT archived`,
				t.Name, string(t.State), t.ByID, t.ByName, t.UpdatedAt, id, version, string(t.Channel))
			if err != nil {
				return err
			}
			if n == 0 {
				return fmt.Errorf("template %d changed: %w", id, fault.ErrConflict)
			}
		}
		_, err := x.exec(ctx, "INSERT INTO crm_template_versions (template_id, version, content, by_id, by_name, created_at) VALUES (?, ?, ?::jsonb, ?, ?, ?)",
			id, version+1, string(content), t.ByID, t.ByName, t.UpdatedAt)
		return err
	})
	return campaign.TemplateID(id), err
}

// FindTemplate implements campaign.TemplateStore.
func (s *Templates) FindTemplate(ctx context.Context, id campaign.TemplateID) (campaign.SavedTemplate, error) {
	var r templateRow
	if err := s.bun.NewRaw("SELECT "+templateColumns+" WHERE t.id = ? AND NOT t.archived", int64(id)).Scan(ctx, &r); err != nil {
		return campaign.SavedTemplate{}, fmt.Errorf("find template %d: %w", id, translate(err))
	}
	return r.template()
}

// TemplateVersion implements campaign.TemplateStore.
func (s *Templates) TemplateVersion(ctx context.Context, ref campaign.TemplateRef) (campaign.Content, error) {
	var c campaign.Content
	var text []byte
	if err := s.bun.NewRaw("SELECT content FROM crm_template_versions WHERE template_id = ? AND version = ?", int64(ref.ID), ref.Version).Scan(ctx, &text); err != nil {
		return c, fmt.Errorf("version %d of template %d: %w", ref.Version, ref.ID, translate(err))
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("version %d of template %d: %w", ref.Version, ref.ID, err)
	}
	return c, nil
}

// maxTemplates bounds the list of templates.
const maxTemplates = 1000

// ListTemplates implements campaign.TemplateStore.
func (s *Templates) ListTemplates(ctx context.Context, ch h.Channel) ([]campaign.SavedTemplate, error) {
	var rows []templateRow
	if err := s.bun.NewRaw("SELECT "+templateColumns+" WHERE NOT t.archived AND (? = '' OR t.channel = ?) ORDER BY t.channel, lower(t.name), t.id LIMIT ?",
		string(ch), string(ch), maxTemplates).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list templates: %w", translate(err))
	}
	out := make([]campaign.SavedTemplate, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.template(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ArchiveTemplate implements campaign.TemplateStore.
func (s *Templates) ArchiveTemplate(ctx context.Context, id campaign.TemplateID, now time.Time) error {
	res, err := s.bun.NewRaw("UPDATE crm_templates SET archived = true, updated_at = ? WHERE id = ? AND NOT archived", now, int64(id)).Exec(ctx)
	if err != nil {
		return translate(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("template %d: %w", id, fault.ErrNotFound)
	}
	return nil
}

// MoveTemplate implements campaign.TemplateStore.
func (s *Templates) MoveTemplate(ctx context.Context, ref campaign.TemplateRef, from []campaign.TemplateState, to campaign.SavedTemplate) (bool, error) {
	states := make([]string, len(from))
	for i, st := range from {
		states[i] = string(st)
	}
	res, err := s.bun.NewRaw("UPDATE crm_templates SET state = ?, supplier = ?, reason = ?, asked_at = ? WHERE id = ? AND version = ? AND NOT archived AND state = ANY (?)",
		string(to.State), to.Supplier, to.Reason, orNull(to.AskedAt), int64(ref.ID), ref.Version, textArray(states)).Exec(ctx)
	if err != nil {
		return false, translate(err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
