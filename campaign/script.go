package campaign

import (
	"errors"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// script is content that has been read: its texts cut into pieces, its variables numbered.
type script struct {
	channel  h.Channel
	content  Content
	syms     *symbols
	fields   []string           // that are templates, in order
	pieces   map[string][]piece // by field
	problems fault.Fields
}

// read reads content for a channel and files what is wrong with it.
func read(ch h.Channel, c Content) *script {
	s := &script{channel: ch, content: c, syms: newSymbols(), pieces: map[string][]piece{}, problems: fault.Fields{}}
	switch ch {
	case h.ChannelEmail:
		s.mail()
	case h.ChannelSMS:
		s.template("text", c.Text, MaxSMS, true)
		s.plainOnly()
	case h.ChannelMessage:
		s.template("text", c.Text, MaxMessage, true)
	default:
		s.problems.Add("channel", "problem.channel")
	}
	for _, x := range s.syms.list {
		if x.scope == ScopeUnsubscribe && ch != h.ChannelEmail {
			s.problems.Add("text", "problem.unsubscribe_channel")
		}
	}
	return s
}

func (s *script) mail() {
	c := s.content
	s.template("subject", c.Subject, MaxSubject, true)
	s.template("preheader", c.Preheader, MaxPreheader, false)
	for field, text := range map[string]string{"subject": c.Subject, "preheader": c.Preheader} {
		if strings.ContainsFunc(strings.TrimSpace(text), breaksLine) {
			s.problems.Add(field, "problem.line_break")
		}
	}
	if a := c.ReplyTo; a != "" {
		if parsed, err := mail.ParseAddress(a); err != nil || parsed.Address != a || len(a) > 254 || strings.ContainsFunc(a, breaksLine) {
			s.problems.Add("reply_to", "problem.address")
		}
	}
	if len(c.Blocks) == 0 {
		s.problems.Add("blocks", "problem.missing")
	}
	if len(c.Blocks) > MaxBlocks {
		s.problems.Add("blocks", "problem.blocks", MaxBlocks)
		s.content.Blocks = c.Blocks[:MaxBlocks]
	}
	total := 0
	for i, b := range s.content.Blocks {
		total += utf8.RuneCountInString(b.Text)
		if total > MaxBody {
			s.problems.Add("blocks", "problem.long", MaxBody)
			s.content.Blocks = s.content.Blocks[:i]
			return
		}
		s.block(blockField(i), b)
	}
}

// blockField is the prefix of the fields of a block; blocks count from 0.
func blockField(i int) string { return "blocks." + strconv.Itoa(i) + "." }

func (s *script) block(field string, b Block) {
	switch b.Kind {
	case BlockHeading:
		s.template(field+"text", b.Text, MaxShort, true)
	case BlockText:
		s.template(field+"text", b.Text, MaxBlockText, true)
	case BlockButton:
		s.template(field+"text", b.Text, MaxButton, true)
		s.template(field+"url", b.URL, maxAddress, true)
	case BlockImage:
		s.template(field+"image", b.Image, maxAddress, true)
		s.template(field+"alt", b.Alt, MaxShort, false)
		s.template(field+"url", b.URL, maxAddress, false)
	case BlockCourse:
		for name, text := range map[string]string{"text": b.Text, "note": b.Note, "price": b.Price, "was": b.Was, "alt": b.Alt} {
			if utf8.RuneCountInString(text) > MaxShort {
				s.problems.Add(field+name, "problem.long", MaxShort)
			}
		}
		if strings.TrimSpace(b.Text) == "" {
			s.problems.Add(field+"text", "problem.missing")
		}
		s.template(field+"image", b.Image, maxAddress, false)
		s.template(field+"url", b.URL, maxAddress, false)
	case BlockDivider:
	default:
		s.problems.Add(field+"kind", "problem.choice")
	}
}

// maxAddress bounds an address, in characters; shortlink bounds its bytes.
const maxAddress = 2000

// template cuts a field into pieces.
func (s *script) template(field, text string, limit int, required bool) {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n")
	if text == "" {
		if required {
			s.problems.Add(field, "problem.missing")
		}
		return
	}
	if utf8.RuneCountInString(text) > limit {
		s.problems.Add(field, "problem.long", limit)
		return
	}
	pieces, err := scan(text, s.syms)
	if err != nil {
		s.file(field, err)
		return
	}
	s.fields, s.pieces[field] = append(s.fields, field), pieces
}

// file notes what is wrong with a template.
func (s *script) file(field string, err error) {
	var te *TemplateError
	if !errors.As(err, &te) {
		te = &TemplateError{Err: ErrTemplateSyntax}
	}
	switch te.Err {
	case ErrTemplateTag:
		s.problems.Add(field, "problem.tag", te.Word)
	case ErrTemplateFilter:
		s.problems.Add(field, "problem.filter", te.Word)
	case ErrTemplateName:
		s.problems.Add(field, "problem.param_name", te.Word, MaxParamName)
	case ErrTemplateNumber:
		s.problems.Add(field, "problem.number", te.Word)
	case ErrTemplateSplit:
		s.problems.Add(field, "problem.tag_split")
	case ErrTemplateTooLong:
		s.problems.Add(field, "problem.rendered_long")
	default:
		s.problems.Add(field, "problem.template")
	}
}

// plainOnly sees to it that an SMS is what suppliers know: fixed text with named values, and no
// second signature.
func (s *script) plainOnly() {
	for _, p := range s.pieces["text"] {
		switch {
		case p.tag != nil, p.out != nil && (p.out.head.variable < 0 || len(p.out.filters) > 0):
			s.problems.Add("text", "problem.sms_plain")
		case strings.ContainsAny(p.text, "【】"):
			s.problems.Add("text", "problem.sms_signature")
		}
	}
}

// needs lists the personal variables that would leave a hole: mentioned outside of conditions on
// them and not covered by a default.
func (s *script) needs() []int {
	var out []int
	for _, field := range s.fields {
		var guards [][]int // of the conditions around
		for _, p := range s.pieces[field] {
			last := len(guards) - 1
			switch {
			case p.out != nil:
				for _, v := range p.out.needs() {
					guarded := slices.ContainsFunc(guards, func(g []int) bool { return slices.Contains(g, v) })
					if s.syms.list[v].scope == ScopePersonal && !guarded && !slices.Contains(out, v) {
						out = append(out, v)
					}
				}
			case p.tag == nil:
			case strings.HasPrefix(p.tag.word, "end"):
				guards = guards[:max(last, 0)]
			case p.tag.word == "if", p.tag.word == "unless", p.tag.word == "case":
				guards = append(guards, p.tag.vars)
			case last >= 0:
				guards[last] = append(slices.Clone(guards[last]), p.tag.vars...)
			}
		}
	}
	return out
}
