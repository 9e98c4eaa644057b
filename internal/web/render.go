package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"path"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
)

//go:embed templates
var templateFS embed.FS

// pages are the parsed templates, by language and page. Each page is the layout, all parts and
// one file of templates/pages.
type pages struct {
	locales map[string]*locale
	sets    map[string]map[string]*template.Template
}

func newPages(p paths, c Config) (*pages, error) {
	out := &pages{locales: map[string]*locale{}, sets: map[string]map[string]*template.Template{}}
	files, err := fs.Glob(templateFS, "templates/pages/*.html")
	if err != nil {
		return nil, err
	}
	for _, lang := range languages() {
		m, err := readMessages(lang)
		if err != nil {
			return nil, err
		}
		l := &locale{lang: lang, messages: m, loc: c.Location, currency: c.Currency, now: c.Now}
		out.locales[lang], out.sets[lang] = l, map[string]*template.Template{}
		base, err := template.New("base").Option("missingkey=error").Funcs(functions(l, p, c.Settings.Site)).
			ParseFS(templateFS, "templates/layout.html", "templates/parts/*.html")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			set, err := base.Clone()
			if err != nil {
				return nil, err
			}
			if set, err = set.ParseFS(templateFS, file); err != nil {
				return nil, err
			}
			out.sets[lang][strings.TrimSuffix(path.Base(file), ".html")] = set
		}
	}
	return out, nil
}

// functions are what templates may call, bound to one language.
func functions(l *locale, p paths, site func() string) template.FuncMap {
	sprite := p.Asset("icons.svg")
	return template.FuncMap{
		"t": l.T, "tk": l.TK, "num": l.Num, "pct": l.Pct, "of": l.Of, "round": func(f float64) int64 { return int64(math.Round(f)) },
		"money": l.Money, "price": l.Price, "moneyIn": l.MoneyIn, "sum": l.Sum,
		"when": l.When, "clock": l.Clock, "moment": l.moment, "date": l.Date, "stamp": l.Stamp, "stampText": l.stampText, "ago": l.Ago, "dur": l.Duration, "today": l.Today,
		"problem": l.Problem, "asset": p.Asset, "publicAsset": p.PublicAsset,
		"to": func() paths { return p },
		"icon": func(name string, classes ...string) template.HTML {
			class := strings.Join(append([]string{"crm-i"}, classes...), " ")
			return template.HTML(`<svg class="` + class + `" aria-hidden="true"><use href="` + sprite + `#i-` + name + `"/></svg>`) //nolint:gosec // constants
		},
		"bar": bar, "cell": newCell, "viewField": newViewField, "tabsOf": newTabs, "fieldErr": newFieldProblem,
		"insertMenu": newInsertMenu, "blockIn": newBlockIn, "subjectLength": campaign.SubjectLength,
		"exportFormats": exportNames,
		"megabytes":     func(n int64) int64 { return (n + 1<<20 - 1) >> 20 },
		"site":          site,
		"currency":      func() string { return moneySign(0, l.currency) },
	}
}

// bar draws a share as a progress bar. With a label it is announced, else it only repeats a
// number beside it.
func bar(share float64, class, label string) template.HTML {
	share = min(max(share, 0), 1)
	role := `aria-hidden="true"`
	if label != "" {
		role = fmt.Sprintf(`role="progressbar" aria-valuenow="%.0f" aria-valuemin="0" aria-valuemax="100" aria-label="%s"`,
			100*share, template.HTMLEscapeString(label))
	}
	small, fill := "", ""
	for _, c := range strings.Fields(class) {
		if c == "s" {
			small = " crm-progress-s"
		} else {
			fill = ` class="crm-p-` + c + `"`
		}
	}
	return template.HTML(fmt.Sprintf(`<svg class="crm-progress%s" %s><rect width="100%%" height="100%%" rx="4"/><rect%s width="%.1f%%" height="100%%" rx="4"/></svg>`, //nolint:gosec // escaped above
		small, role, fill, 100*share))
}

func (w *Web) locale(q *request) *locale { return w.pages.locales[q.lang] }

// render writes a page, or with "page#part" one of its parts. The body is complete before the
// status is written, so that a template that fails becomes an error page and not half a page.
func (w *Web) render(q *request, status int, name string, data any) error {
	body, err := w.pages.execute(q.lang, name, data)
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.WriteHeader(status)
	_, _ = q.w.Write(body) // the visitor went away
	return nil
}

func (p *pages) execute(lang, name string, data any) ([]byte, error) {
	page, part, _ := strings.Cut(name, "#")
	if part == "" {
		part = "layout"
	}
	set, ok := p.sets[lang][page]
	if !ok {
		return nil, fmt.Errorf("no page %q", page)
	}
	var body bytes.Buffer
	if err := set.ExecuteTemplate(&body, part, data); err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return body.Bytes(), nil
}
