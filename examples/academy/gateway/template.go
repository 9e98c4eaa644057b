package gateway

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxTemplate is how many characters a template has at most.
const maxTemplate = 500

// submit takes a template to be looked over. What is submitted again is the same template.
func (g *Gateway) submit(ctx context.Context, _ *http.Request, body []byte) (any, error) {
	var in struct{ Key, Name, Text string }
	if err := read(body, &in); err != nil {
		return nil, err
	}
	in.Text = clean(in.Text)
	if in.Key == "" || strings.TrimSpace(in.Text) == "" || utf8.RuneCountInString(in.Text) > maxTemplate {
		return nil, refusal(http.StatusBadRequest)
	}
	fingerprint := sha256.Sum256([]byte(in.Key + "\x00" + in.Text))
	var id int64
	// The update changes nothing; without it a conflict would return no id.
	err := g.config.DB.QueryRowContext(ctx, `INSERT INTO sms_templates AS t (key, fingerprint, name, body, decide_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (fingerprint) DO UPDATE SET name = t.name RETURNING id`,
		clean(in.Key), fingerprint[:], clean(in.Name), in.Text, time.Now().Add(g.config.ReviewTakes())).Scan(&id)
	if err != nil {
		return nil, fmt.Errorf("keep a template: %w", err)
	}
	return map[string]string{"id": strconv.FormatInt(id, 10)}, nil
}

// standing is where a template stands.
type standing struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// approvals tells where templates stand.
func (g *Gateway) approvals(ctx context.Context, r *http.Request, _ []byte) (any, error) {
	asked := r.URL.Query()["ids"]
	if len(asked) > 100 {
		return nil, refusal(http.StatusBadRequest)
	}
	out := struct {
		Templates []standing `json:"templates"`
	}{[]standing{}}
	rows, err := g.config.DB.QueryContext(ctx, "SELECT id, state, reason FROM sms_templates WHERE id = ANY($1) ORDER BY id", numbers(asked))
	if err != nil {
		return nil, fmt.Errorf("find templates: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s standing
		if err := rows.Scan(&s.ID, &s.State, &s.Reason); err != nil {
			return nil, fmt.Errorf("find templates: %w", err)
		}
		out.Templates = append(out.Templates, s)
	}
	return out, rows.Err()
}

// numbers are the ids that can be ours.
func numbers(ids []string) []int64 {
	all := []int64{}
	for _, id := range ids {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// approved reads the texts of the approved templates that messages name.
func (g *Gateway) approved(ctx context.Context, messages []message) (map[string]string, error) {
	var ids []string
	for _, m := range messages {
		ids = append(ids, m.Template)
	}
	rows, err := g.config.DB.QueryContext(ctx, "SELECT id::text, body FROM sms_templates WHERE state = 'approved' AND id = ANY($1)", numbers(ids))
	if err != nil {
		return nil, fmt.Errorf("find templates: %w", err)
	}
	defer rows.Close()
	texts := map[string]string{}
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, fmt.Errorf("find templates: %w", err)
		}
		texts[id] = text
	}
	return texts, rows.Err()
}

var placePattern = regexp.MustCompile(`\{\{\s*([^{}]+?)\s*\}\}`)

// render puts values into a template; false: one is missing.
func render(template string, params []param) (string, bool) {
	values := map[string]string{}
	for _, p := range params {
		values[p.Name] = p.Value
	}
	complete := true
	text := placePattern.ReplaceAllStringFunc(template, func(place string) string {
		value, ok := values[placePattern.FindStringSubmatch(place)[1]]
		complete = complete && ok
		return value
	})
	return text, complete
}

// review decides about the next template whose time has come.
func (g *Gateway) review(ctx context.Context) (more bool, err error) {
	tx, err := g.config.DB.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	var s standing
	var text string
	err = tx.QueryRowContext(ctx, "SELECT id, body FROM sms_templates WHERE state = 'pending' AND decide_at <= $1 ORDER BY decide_at LIMIT 1 FOR UPDATE", time.Now()).
		Scan(&s.ID, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.State = "approved"
	if s.Reason = Objection(text); s.Reason != "" {
		s.State = "rejected"
	}
	if _, err := tx.ExecContext(ctx, "UPDATE sms_templates SET state = $2, reason = $3 WHERE id = $1::bigint", s.ID, s.State, s.Reason); err != nil {
		return false, err
	}
	entry, err := json.Marshal(s)
	if err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO sms_callbacks (kind, entry, due_at) VALUES ('templates', $1, $2)", string(entry), time.Now()); err != nil {
		return false, err
	}
	return true, tx.Commit()
}

// superlatives are words that the advertising law does not allow.
var superlatives = regexp.MustCompile(`最低|最高|最好|最佳|最优|最强|最便宜|全网第一|全国第一|第一品牌|唯一|顶级|国家级|绝对|史上`)

// Objection is what the supplier's reviewers have against a text; empty: nothing.
func Objection(text string) string {
	var all []string
	fixed := placePattern.ReplaceAllString(text, "")
	if word := superlatives.FindString(fixed); word != "" {
		all = append(all, "含有绝对化用语“"+word+"”")
	}
	if !regexp.MustCompile(`退订|拒收|回复?(TD|T|R|N)|TD`).MatchString(fixed) {
		all = append(all, "缺少退订方式")
	}
	return strings.Join(all, "；")
}
