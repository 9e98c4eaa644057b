package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/desk"
)

// blockView is a block of a mail as the form shows it.
type blockView struct {
	No          int // from 0, as fields and buttons name it
	Kind        campaign.BlockKind
	Icon        string
	Fields      []fieldView
	First, Last bool
	Focus       string // the button that keeps the focus: "up", "down", "text"; empty: none
}

// Place is the block's number as people count.
func (b blockView) Place() int { return b.No + 1 }

// Prefix begins the names of its inputs.
func (b blockView) Prefix() string { return "b." + strconv.Itoa(b.No) + "." }

var blockIcons = map[campaign.BlockKind]string{
	campaign.BlockText: "file-text", campaign.BlockHeading: "heading", campaign.BlockImage: "photo", campaign.BlockCourse: "book-2",
	campaign.BlockButton: "square-plus", campaign.BlockDivider: "minus",
}

// fieldsOf lists the fields that a kind of block has.
func fieldsOf(k campaign.BlockKind) []string {
	switch k {
	case campaign.BlockText, campaign.BlockHeading:
		return []string{"text"}
	case campaign.BlockImage:
		return []string{"image", "alt", "url"}
	case campaign.BlockCourse:
		return []string{"text", "note", "price", "was", "url", "image", "alt"}
	case campaign.BlockButton:
		return []string{"text", "url"}
	}
	return nil
}

// part is where a block keeps a field.
func part(b *campaign.Block, field string) *string {
	switch field {
	case "text":
		return &b.Text
	case "note":
		return &b.Note
	case "price":
		return &b.Price
	case "was":
		return &b.Was
	case "url":
		return &b.URL
	case "image":
		return &b.Image
	}
	return &b.Alt
}

// readBlocks reads the blocks of a form.
func readBlocks(f url.Values) []campaign.Block {
	n, err := strconv.Atoi(f.Get("blocks"))
	if err != nil || n < 0 {
		return nil
	}
	var out []campaign.Block
	for i := range min(n, campaign.MaxBlocks) {
		prefix := "b." + strconv.Itoa(i) + "."
		b := campaign.Block{Kind: campaign.BlockKind(f.Get(prefix + "kind"))}
		if !slices.Contains(campaign.BlockKinds(), b.Kind) {
			continue // not made by our forms
		}
		for _, field := range fieldsOf(b.Kind) {
			*part(&b, field) = desk.Clean(f.Get(prefix + field))
		}
		out = append(out, b)
	}
	return out
}

// editBlocks does what a button of the blocks asks for: "add:button", "up:3", "down:3", "cut:3". It
// gives the blocks, which of them was meant, and the button or field of it that goes on being used.
func editBlocks(blocks []campaign.Block, do string) (out []campaign.Block, at int, focus string, ok bool) {
	out = slices.Clone(blocks)
	verb, arg, _ := strings.Cut(do, ":")
	if verb == "add" {
		kind := campaign.BlockKind(arg)
		if !slices.Contains(campaign.BlockKinds(), kind) || len(out) >= campaign.MaxBlocks {
			return out, 0, "", false
		}
		return append(out, campaign.Block{Kind: kind}), len(out), "text", true
	}
	i, err := strconv.Atoi(arg)
	if err != nil || i < 0 || i >= len(out) {
		return out, 0, "", false
	}
	switch verb {
	case "up", "down":
		to := i + 1
		if verb == "up" {
			to = i - 1
		}
		if to < 0 || to >= len(out) {
			return out, i, "", true
		}
		out[i], out[to] = out[to], out[i]
		return out, to, verb, true
	case "cut":
		return slices.Delete(out, i, i+1), min(i, len(out)-2), "cut", true
	}
	return out, 0, "", false
}

// blocks draws the blocks of a mail.
func (e editor) blocks(blocks []campaign.Block) []blockView {
	out := make([]blockView, len(blocks))
	for i, b := range blocks {
		v := blockView{No: i, Kind: b.Kind, Icon: blockIcons[b.Kind], First: i == 0, Last: i == len(blocks)-1}
		for _, field := range fieldsOf(b.Kind) {
			v.Fields = append(v.Fields, e.blockField(v, field, *part(&b, field)))
		}
		if i == e.at {
			v.Focus = e.focus
			if len(v.Fields) > 0 {
				v.Fields[0].Focus = e.focus == "text"
			}
		}
		if v.Focus == "up" && v.First || v.Focus == "down" && v.Last { // that button is off now
			v.Focus = map[string]string{"up": "down", "down": "up"}[v.Focus]
		}
		out[i] = v
	}
	return out
}

func (e editor) blockField(b blockView, field, value string) fieldView {
	name := "blocks." + strconv.Itoa(b.No) + "." + field
	f := fieldView{Field: name, Name: b.Prefix() + field, Value: value, Label: e.l.TK("block.field", field), Problem: e.problems[name]}
	switch {
	case field == "text" && b.Kind == campaign.BlockText:
		f.Rows, f.Label = 6, e.l.TK("block.kind", b.Kind)
	case field == "text" && b.Kind == campaign.BlockHeading:
		f.Label = e.l.TK("block.kind", b.Kind)
	case field == "text" && b.Kind == campaign.BlockCourse:
		f.Label, f.List, f.Find = e.l.T("block.course_title"), "course-list", e.paths.Offerings(values("of", "course"))
	case field == "url", field == "image":
		f.Keys = "url"
	}
	return f
}
