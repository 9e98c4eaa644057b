package campaign

import (
	"html"
	"strings"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Rendered is a message for one person.
type Rendered struct {
	Subject string  // e-mail: one line
	Text    string  // SMS: with the signature
	HTML    string  // e-mail
	Params  []Param // SMS: the values of the text, each once, in order of first mention
}

// Render writes the letter for one person. links are the short addresses of Links, in order; the
// trap may be missing.
//
// Errors: *TemplateError, also when there is nothing to say to this person or too much.
func (l *Letter) Render(v Values, links []string) (Rendered, error) {
	if len(links) < len(l.targets) {
		return Rendered{}, &TemplateError{Err: ErrTemplateLink}
	}
	for _, link := range links {
		if !webAddress(link) {
			return Rendered{}, &TemplateError{Err: ErrTemplateLink}
		}
	}
	r := &renderer{values: l.resolve(v, links), links: links}
	switch l.channel {
	case h.ChannelEmail:
		if !webAddress(v["unsubscribe"]) {
			return Rendered{}, &TemplateError{Err: ErrTemplateLink, Word: "unsubscribe"}
		}
		return l.mail(r)
	case h.ChannelSMS:
		return l.sms(r)
	default:
		text, err := r.render(l.text, false, maxMail, l.size[1])
		if text = strings.TrimSpace(text); err == nil && text == "" {
			err = &TemplateError{Err: ErrTemplateEmpty}
		}
		if err == nil && utf8.RuneCountInString(text) > maxMessageSent {
			err = &TemplateError{Err: ErrTemplateTooLong}
		}
		return only(Rendered{Text: text}, err)
	}
}

// only gives the result or the error: nobody sends half a message.
func only(r Rendered, err error) (Rendered, error) {
	if err != nil {
		return Rendered{}, err
	}
	return r, nil
}

func webAddress(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// resolve gives every symbol its value for one person.
func (l *Letter) resolve(v Values, links []string) []string {
	out := make([]string, len(l.symbols))
	for i, x := range l.symbols {
		switch {
		case l.fixed[i]:
			out[i] = l.values[i]
		case x.scope == ScopeLink:
			out[i] = links[0]
		default:
			if out[i] = l.clean(v[x.name]); out[i] == "" {
				out[i] = l.fallbacks[i]
			}
		}
	}
	return out
}

func (l *Letter) mail(r *renderer) (Rendered, error) {
	subject, err := r.render(l.subject, false, maxMail, 128)
	if err != nil {
		return Rendered{}, err
	}
	subject = OneLine(subject)
	if strings.TrimSpace(subject) == "" {
		return Rendered{}, &TemplateError{Err: ErrTemplateEmpty, Word: "subject"}
	}
	text, err := r.render(l.text, false, maxMail, l.size[1])
	if err != nil {
		return Rendered{}, err
	}
	if text = tidy(text); text == "" {
		return Rendered{}, &TemplateError{Err: ErrTemplateEmpty}
	}
	footer, err := r.render(l.footer, false, maxMail, 256)
	if err != nil {
		return Rendered{}, err
	}
	page, err := r.render(l.html, true, maxMail, l.size[0])
	if err == nil && len(r.links) > len(l.targets) && len(l.targets) > 0 {
		page = strings.TrimSuffix(page, mailEnd) + trap(r.links[len(l.targets)]) + mailEnd
	}
	return only(Rendered{Subject: subject, Text: text + footer, HTML: page}, err)
}

// trap is a link that is not shown, not read out and not reached by the keyboard: who follows it
// is a machine that follows every link.
func trap(link string) string {
	return `<a href="` + html.EscapeString(link) + `" style="display:none" aria-hidden="true" tabindex="-1"></a>`
}

// tidy leaves at most one blank line where conditions said nothing.
func tidy(text string) string {
	text = strings.TrimSpace(text)
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return text
}

func (l *Letter) sms(r *renderer) (Rendered, error) {
	text, err := r.render(l.text, false, maxMail, l.size[1])
	if text = strings.TrimSpace(text); err == nil && text == "" {
		err = &TemplateError{Err: ErrTemplateEmpty}
	}
	if l.signature != "" {
		text = "【" + l.signature + "】" + text
	}
	if err == nil && SMSUnits(text) > maxSMSSent {
		err = &TemplateError{Err: ErrTemplateTooLong}
	}
	out := Rendered{Text: text}
	for _, p := range l.params {
		out.Params = append(out.Params, Param{p.name, r.values[p.number]})
	}
	return only(out, err)
}

// Longest counts the units of the longest possible SMS, with its signature: longest holds the
// longest value of each personal variable, link is any short address. A fallback that is longer
// counts. 0 for other channels.
func (l *Letter) Longest(longest Values, link string) int {
	if l.channel != h.ChannelSMS {
		return 0
	}
	r := &renderer{values: l.resolve(longest, []string{link}), links: []string{link}}
	for i, fallback := range l.fallbacks {
		if SMSUnits(fallback) > SMSUnits(r.values[i]) {
			r.values[i] = fallback
		}
	}
	text, _ := r.render(l.text, false, maxMail, l.size[1]) // too long is no error here
	units := SMSUnits(strings.TrimSpace(text))
	if l.signature != "" {
		units += SMSUnits("【" + l.signature + "】")
	}
	return units
}
