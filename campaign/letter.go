package campaign

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Letter is content that is ready to be rendered for people. It is safe for concurrent use.
type Letter struct {
	channel   h.Channel
	symbols   []symbol
	fixed     []bool   // by symbol number: values has what is the same for everybody
	values    []string // by symbol number
	fallbacks []string // by symbol number
	needs     []string
	targets   targets
	subject   []node
	html      []node
	text      []node // of a mail: without its footer
	footer    []node
	signature string
	params    []paramPlace
	size      [2]int // bytes of static text in html, text
}

// paramPlace is a value that an SMS names.
type paramPlace struct {
	name   string // as the text writes it
	number int    // of the symbol
}

// Compile checks content and compiles it for a channel. Problems are filed under the names of the
// fields: subject, preheader, reply_to, blocks, blocks.3.text (from 0; text, url, image, alt, kind,
// note, price, was), text, from, link, params.天数, params.course, fallbacks.nickname. Where there
// are some, the Letter leaves out what they are about: it does for a preview and never for sending.
func Compile(ch h.Channel, c Content, f Fill, site Site) (*Letter, fault.Fields) {
	s := read(ch, c)
	l := s.compile(f, site, false)
	if ch == h.ChannelMessage && c.From == "" {
		s.problems.Add("from", "problem.missing")
	}
	return l, s.problems
}

// compile makes the letter; everything through Liquid if allSlow.
func (s *script) compile(f Fill, site Site, allSlow bool) *Letter {
	if s.channel == h.ChannelEmail {
		s.syms.number("unsubscribe") // in the footer
	}
	l := &Letter{channel: s.channel, symbols: s.syms.list, signature: oneValue(site.Signature)}
	s.fill(l, f, site)
	for _, v := range s.needs() {
		if l.fallbacks[v] == "" {
			l.needs = append(l.needs, s.syms.list[v].name)
		}
	}
	b := &builder{script: s, letter: l, site: site, tree: tree{syms: s.syms, values: l.values, fixed: l.fixed, allSlow: allSlow, bindings: bindings(l.values)}}
	if s.channel == h.ChannelEmail {
		b.mail()
	} else {
		l.text = b.build("text")
	}
	b.try()
	if s.channel == h.ChannelSMS {
		l.params = places(s.pieces["text"])
	}
	s.checkTargets(l, f, site)
	return l
}

// checkTargets holds the links to their number and to the school's domains.
func (s *script) checkTargets(l *Letter, f Fill, site Site) {
	if len(l.targets) > MaxTargets {
		s.problems.Add("blocks", "problem.links", MaxTargets)
	}
	for _, target := range l.targets {
		if !errors.Is(site.Domains.Check(target), shortlink.ErrDomain) {
			continue // what is no address at all has been said
		}
		field := "blocks"
		if target == strings.TrimSpace(f.Link) {
			field = "link"
		}
		s.problems.Add(field, "problem.domain", strings.Join(site.Domains, ", "))
	}
}

// fill sets what is the same for everybody and what stands for missing values.
func (s *script) fill(l *Letter, f Fill, site Site) {
	n := len(l.symbols)
	l.values, l.fixed, l.fallbacks = make([]string, n), make([]bool, n), make([]string, n)
	for i, x := range l.symbols {
		switch x.scope {
		case ScopeSite:
			l.values[i], l.fixed[i] = l.clean(site.Name), true
		case ScopeParameter, ScopeOffering:
			l.values[i], l.fixed[i] = l.clean(named(f.Params, x.name)), true
			if l.values[i] == "" {
				s.problems.Add("params."+x.name, "problem.param_missing")
				l.values[i] = "{{ " + x.name + " }}" // for the preview
			} else if utf8.RuneCountInString(l.values[i]) > MaxShort {
				s.problems.Add("params."+x.name, "problem.long", MaxShort)
			}
		case ScopePersonal:
			l.fallbacks[i] = l.clean(named(f.Fallbacks, x.name))
			if utf8.RuneCountInString(l.fallbacks[i]) > MaxFallback {
				s.problems.Add("fallbacks."+x.name, "problem.long", MaxFallback)
			}
		case ScopeLink:
			l.targets.number(strings.TrimSpace(f.Link))
		case ScopeUnsubscribe:
		}
	}
	link := strings.TrimSpace(f.Link)
	switch uses := s.syms.uses(ScopeLink); {
	case link == "" && uses:
		s.problems.Add("link", "problem.link_missing")
	case link != "" && !fixedAddress(link):
		s.problems.Add("link", "problem.url")
	case link != "" && !uses && len(s.problems) == 0: // else the text may be what is wrong
		s.problems.Add("link", "problem.link_unused")
	}
}

// named finds a value under any name of a variable.
func named(values map[string]string, name string) string {
	v, ok := values[name]
	if x, known := lookup(name); !ok && known {
		v = values[x.Zh]
	}
	return v
}

// clean makes a value fit the channel: blanks are nothing, and in SMS nothing but the signature
// stands in 【】.
func (l *Letter) clean(v string) string {
	v = strings.TrimSpace(oneValue(v))
	if l.channel == h.ChannelSMS && strings.ContainsAny(v, "【】") {
		v = brackets.Replace(v)
	}
	return v
}

var brackets = strings.NewReplacer("【", "[", "】", "]")

// places lists the values of an SMS in order of first mention.
func places(pieces []piece) []paramPlace {
	var out []paramPlace
	for _, p := range pieces {
		if p.out == nil || slices.ContainsFunc(out, func(x paramPlace) bool { return x.name == p.out.written }) {
			continue
		}
		out = append(out, paramPlace{p.out.written, p.out.head.variable})
	}
	return out
}

// Needs lists the personal variables, by Variable.Name, without which a person cannot be sent to:
// mentioned outside of conditions on them, with neither a default nor a fallback.
func (l *Letter) Needs() []string { return slices.Clone(l.needs) }

// Targets lists the addresses that become short links, each once: where {{ 链接 }} leads first, if
// it is used, then those of buttons, images, course cards and links in texts as they come.
func (l *Letter) Targets() []string { return slices.Clone(l.targets) }

// Links are the short links that a campaign needs: one for each of Targets and, in mails that have
// any, a trap, which no person sees and only machines follow.
func (l *Letter) Links() []shortlink.Link {
	var out []shortlink.Link
	for _, target := range l.targets {
		out = append(out, shortlink.Link{Kind: shortlink.LinkCampaign, Target: target})
	}
	if l.channel == h.ChannelEmail && len(out) > 0 {
		out = append(out, shortlink.Link{Kind: shortlink.LinkTrap, Target: out[0].Target})
	}
	return out
}
