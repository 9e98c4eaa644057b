package web

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// contentView is the form of a text: a campaign's or a template's. Part "content" draws it.
type contentView struct {
	Channel   hostadapter.Channel
	Post      string // where its buttons post the form
	Whole     string // id of the element that they replace
	Fields    []fieldView
	Text      fieldView // of SMS and private messages
	Blocks    []blockView
	Kinds     []campaign.BlockKind // that can be added; none: there are enough
	Variables []variableView
	BlocksErr fault.Problem
	From      string // e-mail: the sender's address
	Senders   []option
	SenderErr fault.Problem
	Length    smsLength
}

type variableView struct{ Label, Text string }

// insertMenu is a button that puts variables into a field.
type insertMenu struct {
	Into      string // id of the field
	Variables []variableView
	Small     bool
}

func newInsertMenu(into string, variables []variableView, small bool) insertMenu {
	return insertMenu{into, variables, small}
}

// blockIn is a block with the form around it.
type blockIn struct {
	Block       blockView
	Variables   []variableView
	Post, Whole string
}

func newBlockIn(b blockView, c contentView) blockIn {
	return blockIn{b, c.Variables, c.Post, c.Whole}
}

// smsLength is how long an SMS is as far as the form knows: without what variables will hold.
type smsLength struct {
	Units, Parts int
	Signature    int // units of it, which the text's own are added to
}

// editor makes the form of a text.
type editor struct {
	l        *locale
	paths    paths
	ch       hostadapter.Channel
	problems fault.Fields
	at       int    // the block whose button was used …
	focus    string // … and which one that was; empty: none
}

// view draws a text's form.
func (e editor) view(c campaign.Content, set campaign.Settings) contentView {
	v := contentView{Channel: e.ch}
	for _, x := range campaign.VariablesFor(e.ch) {
		name := e.l.variable(x)
		v.Variables = append(v.Variables, variableView{name, "{{ " + name + " }}"})
	}
	field := func(name, value string) fieldView {
		return fieldView{Field: name, Name: name, Value: value, Label: e.l.TK("composer.field", name), Problem: e.problems[name]}
	}
	if e.ch == hostadapter.ChannelEmail {
		subject, preheader, reply := field("subject", c.Subject), field("preheader", c.Preheader), field("reply_to", c.ReplyTo)
		preheader.Hint, reply.Hint = e.l.T("composer.preheader_why"), e.l.T("composer.reply_why")
		reply.Type = "email"
		v.Fields = []fieldView{subject, preheader, reply}
		v.Blocks, v.BlocksErr = e.blocks(c.Blocks), e.problems["blocks"]
		if len(c.Blocks) < campaign.MaxBlocks {
			v.Kinds = campaign.BlockKinds()
		}
		return v
	}
	v.Text = field("text", c.Text)
	v.Text.Rows, v.SenderErr = 5, e.problems["from"]
	if e.ch == hostadapter.ChannelSMS {
		v.Length = lengthOf(c.Text, set.Site.Signature)
	}
	return v
}

// outputs are the variables of a text.
var outputs = regexp.MustCompile(`\{\{[-\s]*([^{}|]*?)\s*(?:\|[^{}]*)?\}\}`)

// lengthOf counts the fixed part of an SMS; crm.js counts along while somebody types.
func lengthOf(text, signature string) smsLength {
	var l smsLength
	if signature != "" {
		l.Signature = campaign.SMSUnits("【" + signature + "】")
	}
	l.Units = campaign.SMSUnits(outputs.ReplaceAllString(text, "")) + l.Signature
	l.Parts = campaign.SMSParts(l.Units)
	return l
}

// textPart is a stretch of a text: as it is, or a variable or a link in it.
type textPart struct {
	Text string
	Mark bool
}

// marked finds the variables in a text.
func marked(text string) []textPart { return split(outputs, text) }

var links = regexp.MustCompile(`https?://[^\s<>"，。；、）)]+()`)

// linked finds the links in a text.
func linked(text string) []textPart { return split(links, text) }

// split cuts a text at what re finds, which is shown as its first group where that is not empty.
func split(re *regexp.Regexp, text string) []textPart {
	var out []textPart
	at := 0
	for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
		if m[0] > at {
			out = append(out, textPart{Text: text[at:m[0]]})
		}
		word := text[m[2]:m[3]]
		if word == "" {
			word = text[m[0]:m[1]]
		}
		out = append(out, textPart{word, true})
		at = m[1]
	}
	if at < len(text) {
		out = append(out, textPart{Text: text[at:]})
	}
	return out
}

// readContent reads what a form says of a text. What the form does not have stays as it was, so
// that a campaign keeps its mail while it is an SMS for a moment.
func readContent(c *campaign.Content, f url.Values) {
	for name, to := range map[string]*string{"subject": &c.Subject, "preheader": &c.Preheader, "reply_to": &c.ReplyTo, "text": &c.Text, "from": &c.From} {
		if f.Has(name) {
			*to = desk.Clean(f.Get(name))
		}
	}
	if f.Has("blocks") {
		c.Blocks = readBlocks(f)
	}
}

// hostPatience is how long a page waits for what it only asks a host or supplier on the way.
const hostPatience = 3 * time.Second

// senders are the staff in whose name private messages go out.
//
// Errors: hostadapter.ErrUnavailable, whatever the host's was: no page depends on its answer.
func (w *Web) senders(q *request, chosen string) ([]option, error) {
	if w.Senders == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(q.ctx(), hostPatience)
	defer cancel()
	list, err := w.Senders(ctx)
	if err != nil {
		w.Log.WarnContext(q.ctx(), "web: senders of private messages", "request", q.id, "err", err)
		return nil, fmt.Errorf("list senders: %w", hostadapter.ErrUnavailable)
	}
	out := make([]option, 0, len(list))
	for _, s := range list {
		label := s.Name
		if label == "" {
			label = s.ID
		}
		out = append(out, option{s.ID, label, s.ID == chosen})
	}
	return out, nil
}

// mayChoose reports whether a value is one of a list.
func mayChoose(list []option, value string) bool {
	for _, o := range list {
		if o.Value == value {
			return true
		}
	}
	return false
}
