package api

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	html "html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html docs.css
var docsFS embed.FS

// papers are the files beside the operations, by their place below Prefix.
func (a *API) papers(doc *huma.OpenAPI) (map[string]paper, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	style, err := docsFS.ReadFile("docs.css")
	if err != nil {
		return nil, err
	}
	t, err := html.ParseFS(docsFS, "docs.html")
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := t.Execute(&page, docsOf(doc)); err != nil {
		return nil, fmt.Errorf("write docs: %w", err)
	}
	return map[string]paper{
		"/openapi.json": {"application/openapi+json", text},
		"/docs":         {"text/html; charset=utf-8", page.Bytes()},
		"/docs.css":     {"text/css; charset=utf-8", style},
	}, nil
}

// paper is a file that never changes.
type paper struct {
	mime string
	text []byte
}

func (p paper) serve(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", p.mime)
	_, _ = w.Write(p.text) // the asker went away
	return nil
}

// docsPage is the document for people.
type docsPage struct {
	Title, About, Base string
	Groups             []docsGroup
	Types              []docsType
}

type docsGroup struct {
	Tag, Slug string
	Ops       []docsOp
}

type docsOp struct {
	ID, Method, Path, Summary, Detail, Permission string
	Params                                        []docsField
	Body, Answer                                  docsRef
}

// docsRef names a type; Link is empty where there is no heading to go to.
type docsRef struct{ Text, Link string }

type docsField struct {
	Name, In, Doc string
	Type          docsRef
	Needed        bool
}

type docsType struct {
	Name   string
	Fields []docsField
}

// docsOf puts the document into the order of a page: groups as they were registered, types by name.
func docsOf(doc *huma.OpenAPI) docsPage {
	p := docsPage{Title: doc.Info.Title, About: doc.Info.Description, Base: doc.Servers[0].URL}
	groups := map[string]*docsGroup{}
	for _, path := range sortedKeys(doc.Paths) {
		for _, o := range methodsOf(doc.Paths[path]) {
			g := groups[o.Tags[0]]
			if g == nil {
				g = &docsGroup{Tag: o.Tags[0], Slug: "group-" + strings.ReplaceAll(strings.ToLower(o.Tags[0]), " ", "-")}
				groups[g.Tag] = g
			}
			g.Ops = append(g.Ops, docsOpOf(o))
		}
	}
	for _, tag := range sortedKeys(groups) {
		p.Groups = append(p.Groups, *groups[tag])
	}
	schemas := doc.Components.Schemas.Map()
	for _, name := range sortedKeys(schemas) {
		p.Types = append(p.Types, docsType{name, docsFields(schemas[name])})
	}
	return p
}

func methodsOf(p *huma.PathItem) []*huma.Operation {
	var out []*huma.Operation
	for _, o := range []*huma.Operation{p.Get, p.Post, p.Put, p.Delete} {
		if o != nil {
			out = append(out, o)
		}
	}
	return out
}

func docsOpOf(o *huma.Operation) docsOp {
	d := docsOp{ID: o.OperationID, Method: o.Method, Path: o.Path, Summary: o.Summary, Detail: o.Description, Permission: fmt.Sprint(o.Extensions["x-permission"])}
	for _, p := range o.Parameters {
		d.Params = append(d.Params, docsField{Name: p.Name, In: p.In, Doc: p.Description, Type: docsRefOf(p.Schema), Needed: p.Required})
	}
	if o.RequestBody != nil {
		for _, m := range o.RequestBody.Content {
			d.Body = docsRefOf(m.Schema)
		}
	}
	for _, status := range []string{"200", "204"} {
		r := o.Responses[status]
		switch {
		case r == nil:
		case len(r.Content) == 0:
			d.Answer = docsRef{Text: "nothing (204)"}
		case r.Content["application/json"] != nil:
			d.Answer = docsRefOf(r.Content["application/json"].Schema)
		default:
			d.Answer = docsRef{Text: strings.Join(sortedKeys(r.Content), ", ")}
		}
	}
	return d
}

func docsFields(s *huma.Schema) []docsField {
	var out []docsField
	for _, name := range sortedKeys(s.Properties) {
		f := s.Properties[name]
		out = append(out, docsField{Name: name, Doc: f.Description, Type: docsRefOf(f), Needed: slices.Contains(s.Required, name)})
	}
	return out
}

// docsRefOf says what a value is: a type of the document, a list of one, or a plain value with the
// words it can have.
func docsRefOf(s *huma.Schema) docsRef {
	if s == nil {
		return docsRef{Text: "any"}
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return docsRef{name, "#type-" + name}
	}
	switch {
	case s.Type == huma.TypeArray:
		of := docsRefOf(s.Items)
		return docsRef{"list of " + of.Text, of.Link}
	case len(s.Enum) > 0:
		words := each(s.Enum, func(w any) string { return fmt.Sprint(w) })
		return docsRef{Text: strings.Join(words, " | ")}
	case s.Format != "" && s.Type == huma.TypeString:
		return docsRef{Text: s.Format}
	case s.Type == huma.TypeObject:
		more, ok := s.AdditionalProperties.(*huma.Schema)
		if ok {
			return docsRef{Text: "map of " + docsRefOf(more).Text}
		}
	case s.Type == "":
		return docsRef{Text: "any"}
	}
	return docsRef{Text: s.Type}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
