package segment

import (
	"context"
	"fmt"
	"strings"
)

// MaxSearch is the longest text that people are searched for by, in characters.
const MaxSearch = 80

// Found is who a search found.
type Found struct {
	Rule    Rule     // selects them all; private: it may hold the text
	People  []Person // the first of them, as lists usually order them; nil: nobody
	More    bool     // there are more
	Contact bool     // the text is a whole phone number or e-mail address
}

// Search finds people by what staff type of them: a part of the user name or of the real name, the
// host's whole id or, with contacts, the whole phone number or e-mail address. Whom a contact names
// is all that it finds. Without contacts nothing is compared with anybody's number or address, nor
// such a text with ids, which some hosts make of them. It gives limit people, of 1 to 100.
//
// Errors: fault.Fields with "limit"; fault.ErrUnavailable when it took too long.
func (s *Service) Search(ctx context.Context, text string, contacts bool, limit int) (Found, error) {
	out := Found{}
	text = tidy(text)
	if runes := []rune(text); len(runes) > MaxSearch {
		text = strings.TrimSpace(string(runes[:MaxSearch]))
	}
	if !soundText(text) {
		return out, nil
	}
	named := []Rule{Condition("nickname", OpContains, text, ""), Condition("real_name", OpContains, text, "")}
	e, _ := listEntry(text, "")
	out.Contact = e.Kind == KindMobile || e.Kind == KindEmail
	if e.Value != "" && (contacts || !out.Contact) {
		ids, err := s.store.Locate(ctx, e)
		if err != nil {
			return out, fmt.Errorf("locate a person: %w", err)
		}
		if len(ids) > 0 {
			exact := Condition("learner", OpIn, ids, "")
			if out.Contact {
				named = nil
			}
			named = append(named, exact)
		}
	}
	out.Rule = Group("any", named...)
	page, err := s.List(ctx, Query{Rule: out.Rule, Limit: limit})
	if err != nil {
		return out, fmt.Errorf("search people: %w", err)
	}
	out.People, out.More = page.People, page.Next != ""
	return out, nil
}
