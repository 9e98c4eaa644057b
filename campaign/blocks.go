package campaign

import "html"

// A mail is laid out in tables with inline styles, which is what mail programs agree on: 600 px,
// one column. The classes serve the dark scheme of those that know it (see mailHead); the others
// invert colours as they like, so every text stands on a ground that is named beside it.

// mail builds both versions of a mail.
func (b *builder) mail() {
	l, words := b.letter, phrasesOf(b.site.Lang)
	l.subject = b.build("subject")
	b.markup(`<!doctype html><html lang="` + words.lang + `">` + mailHead)
	b.append("subject", &sheet{html: b.pieces["subject"]})
	b.markup(`</title></head><body class="c-page" style="` + pageStyle + `">`)
	if preheader := b.pieces["preheader"]; len(preheader) > 0 {
		b.markup(preheaderOpen)
		b.append("preheader", &sheet{html: preheader})
		b.markup(preheaderClose)
	}
	b.markup(cardOpen)
	if b.site.Name != "" {
		b.markup(`<tr><td class="c-cell c-2nd" style="padding:24px 32px 0;font-size:14px;line-height:22px;color:#5d6778">` + html.EscapeString(oneValue(b.site.Name)) + `</td></tr>`)
	}
	for i, block := range b.content.Blocks {
		b.block(blockField(i), block, words)
	}
	b.footer(words)
	b.markup(cardClose + mailEnd)
}

const mailEnd = `</body></html>`

// markup adds static HTML to the mail.
func (b *builder) markup(s string) {
	b.letter.html = appendNode(b.letter.html, node{text: s})
	b.letter.size[0] += len(s)
}

// append adds what a sheet holds to both versions.
func (b *builder) append(field string, s *sheet) {
	for _, n := range b.nodes(field, s.html, true) {
		b.letter.html = appendNode(b.letter.html, n)
	}
	for _, n := range b.nodes(field, s.text, false) {
		b.letter.text = appendNode(b.letter.text, n)
	}
}

// block adds a block. Blocks whose fields are wrong are left out.
func (b *builder) block(field string, block Block, words phrases) {
	s := &sheet{first: true}
	s.note("\n\n")
	if _, ok := b.pieces[field+"text"]; !ok && (block.Kind == BlockHeading || block.Kind == BlockText || block.Kind == BlockButton) {
		return
	}
	switch block.Kind {
	case BlockHeading:
		s.open(cell("8px") + `<h1 class="c-ink" style="margin:0;font-size:22px;line-height:32px;font-weight:600;color:#1a2230">`)
		s.put(b.pieces[field+"text"]...)
		s.close(`</h1></td></tr>`)
	case BlockText:
		s.open(cell("12px"))
		if problem := b.tree.markdown(s, b.pieces[field+"text"], &b.letter.targets); problem != nil {
			b.problem(field+"text", *problem)
			return
		}
		s.close(`</td></tr>`)
	case BlockImage:
		s.open(cell("20px"))
		if !b.image(s, field, block, words) {
			return
		}
		s.close(`</td></tr>`)
	case BlockCourse:
		b.course(s, field, block)
	case BlockButton:
		to, ok := b.address(field + "url")
		if !ok {
			return
		}
		b.button(s, b.pieces[field+"text"], to)
	case BlockDivider:
		s.void(cell("20px") + `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>` +
			`<td class="c-line" style="border-top:1px solid #e1e5eb;font-size:0;line-height:0">&nbsp;</td></tr></table></td></tr>`)
		s.note(ruler)
	}
	b.append(field+"text", s)
}

const linkStyle = "color:#2257b0;text-decoration:none"

func cell(top string) string {
	return `<tr><td class="c-cell c-ink" style="padding:` + top + ` 32px 0;color:#1a2230">`
}

// anchor opens a link around what follows until close.
func (b *builder) anchor(s *sheet, style string, to address) {
	class := ""
	if style == linkStyle {
		class = `class="c-link" `
	}
	s.open(`<a ` + class + `target="_blank" style="` + style + `" href="`)
	s.html = append(s.html, to.pieces(&b.letter.targets)...)
	s.void(`">`)
}

// leads ends a line of text with the address that it leads to.
func (b *builder) leads(s *sheet, between string, to address) {
	s.note(between)
	s.text = append(s.text, to.pieces(&b.letter.targets)...)
}

// image draws a picture; a mail program that shows none shows its words.
func (b *builder) image(s *sheet, field string, block Block, words phrases) bool {
	source, ok := b.source(field)
	if !ok {
		return false
	}
	to, linked := b.address(field + "url")
	alt := b.pieces[field+"alt"]
	if linked {
		b.anchor(s, linkStyle, to)
	}
	b.picture(s, source, alt, "border-radius:8px")
	if linked {
		s.close(`</a>`)
	}
	if s.text = append(s.text, alt...); len(alt) == 0 {
		s.note(words.image)
	}
	if linked {
		b.leads(s, ": ", to)
	}
	return true
}

// picture writes an image as wide as its cell.
func (b *builder) picture(s *sheet, source string, alt []piece, style string) {
	s.void(`<img width="536" style="display:block;width:100%;max-width:100%;height:auto;border:0;` + style + `" src="` + html.EscapeString(source) + `" alt="`)
	s.html = append(s.html, alt...)
	s.void(`">`)
}

// source reads the address of a picture, which is the same for everybody.
func (b *builder) source(field string) (string, bool) {
	a, ok := b.address(field + "image")
	if ok && a.symbol >= 0 {
		b.problems.Add(field+"image", "problem.url")
		return "", false
	}
	return a.fixed, ok
}

// course draws a card; its words are the host's and no template.
func (b *builder) course(s *sheet, field string, block Block) {
	to, linked := b.address(field + "url")
	s.open(cell("20px") + `<table role="presentation" class="c-box" width="100%" cellpadding="0" cellspacing="0" border="0" style="border:1px solid #e1e5eb;border-radius:8px;border-collapse:separate">`)
	if source, ok := b.source(field); ok {
		s.void(`<tr><td style="padding:0">`)
		if linked {
			b.anchor(s, linkStyle, to)
		}
		alt := oneValue(block.Alt)
		if alt == "" {
			alt = oneValue(block.Text)
		}
		b.picture(s, source, appendText(nil, alt), "border-radius:8px 8px 0 0")
		if linked {
			s.close(`</a>`)
		}
		s.void(`</td></tr>`)
	}
	s.void(`<tr><td class="c-ink" style="padding:16px 20px;color:#1a2230">`)
	if linked {
		b.anchor(s, "color:inherit;text-decoration:none", to)
	}
	s.void(`<strong>`)
	s.words(oneValue(block.Text))
	s.void(`</strong>`)
	if linked {
		s.close(`</a>`)
	}
	if block.Note != "" {
		s.line()
		s.void(`<span class="c-2nd" style="font-size:14px;color:#5d6778">`)
		s.words(oneValue(block.Note))
		s.void(`</span>`)
	}
	b.price(s, block)
	if linked {
		b.leads(s, "\n", to)
	}
	s.close(`</td></tr></table></td></tr>`)
}

func (b *builder) price(s *sheet, block Block) {
	if block.Price == "" && block.Was == "" {
		return
	}
	s.line()
	s.void(`<span class="c-link" style="color:#2257b0;font-weight:600">`)
	s.words(oneValue(block.Price))
	s.void(`</span>`)
	if block.Was != "" {
		s.void(` <s class="c-2nd" style="font-size:14px;color:#5d6778">` + html.EscapeString(oneValue(block.Was)) + `</s>`)
		s.note(" (" + phrasesOf(b.site.Lang).was + " " + oneValue(block.Was) + ")")
	}
}

// button draws a cell with a colour of its own: a button also where pictures and most styles are
// left out.
func (b *builder) button(s *sheet, label []piece, to address) {
	s.open(cell("20px") + `<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td class="c-btn" bgcolor="#2459b3" style="border-radius:6px;background:#2459b3">`)
	b.anchor(s, "display:inline-block;padding:10px 28px;border-radius:6px;color:#ffffff;text-decoration:none", to)
	s.put(label...)
	b.leads(s, ": ", to)
	s.close(`</a>`)
	s.close(`</td></tr></table></td></tr>`)
}

// footer says who writes and how to make it stop. It is part of every mail.
func (b *builder) footer(words phrases) {
	out := output{head: operand{variable: b.syms.number("unsubscribe")}}
	who := oneValue(b.site.Name)
	if a := oneValue(b.site.Address); a != "" && who != "" {
		who += words.comma + a
	} else {
		who += a
	}
	s := &sheet{}
	s.open(`<tr><td class="c-cell" style="padding:28px 0 0"></td></tr><tr><td class="c-cell c-line c-2nd" style="padding:16px 32px 24px;border-top:1px solid #e1e5eb;font-size:12px;line-height:20px;color:#5d6778">`)
	s.note("\n\n" + ruler + "\n")
	if who != "" {
		s.words(who)
		s.line()
	}
	s.words(words.tired)
	s.void(`<a class="c-2nd" style="color:#5d6778" target="_blank" href="`)
	s.html = append(s.html, piece{out: &out})
	s.void(`">` + html.EscapeString(words.unsubscribe) + `</a>`)
	s.note(words.unsubscribe + ": ")
	s.text = append(s.text, piece{out: &out})
	s.note("\n")
	s.close(`</td></tr>`)
	b.letter.footer = b.nodes("blocks", s.text, false)
	for _, n := range b.nodes("blocks", s.html, true) {
		b.letter.html = appendNode(b.letter.html, n)
	}
}
