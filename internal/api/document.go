package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/coursecrm/coursecrm/segment"
)

// ruleText is a rule as it comes: its limits are checked by segment.Parse before anything is done
// with it. In the document it is segment.Rule.
type ruleText []byte

// Schema implements huma.SchemaProvider.
func (ruleText) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[segment.Rule](), true, "Rule")
}

// UnmarshalJSON keeps the text.
func (t *ruleText) UnmarshalJSON(b []byte) error {
	*t = append((*t)[:0], b...)
	return nil
}

// MarshalJSON gives the text.
func (t ruleText) MarshalJSON() ([]byte, error) {
	if len(t) == 0 {
		return []byte("null"), nil
	}
	return t, nil
}

// tidyDocument takes null out of the types of lists: an answer's list is never null, and an input's
// may be left out instead.
func tidyDocument(doc *huma.OpenAPI) {
	for _, s := range doc.Components.Schemas.Map() {
		neverNull(s)
	}
}

func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	neverNull(s.Items)
	for _, p := range s.Properties {
		neverNull(p)
	}
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		neverNull(more)
	}
}
