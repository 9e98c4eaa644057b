package campaign

import (
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// CommonMark decides by spaces and punctuation whether stars begin or end emphasis. Chinese has
// no spaces, so **立减 300 元！**试听 would stay as it is typed. Here a Chinese neighbour is as
// good as a space.
type emphasisParser struct{ parser.InlineParser }

func newEmphasisParser() parser.InlineParser { return emphasisParser{parser.NewEmphasisParser()} }

// Parse implements parser.InlineParser.
func (p emphasisParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, _ := block.PeekLine()
	n := p.InlineParser.Parse(parent, block, pc)
	d, ok := n.(*parser.Delimiter)
	if !ok || d.Char != '*' {
		return n
	}
	after := ' '
	if rest := line[d.OriginalLength:]; len(rest) > 0 {
		after, _ = utf8.DecodeRune(rest)
	}
	if !util.IsSpaceRune(after) && (chinese(before) || chinese(after)) {
		d.CanOpen = true
	}
	if !util.IsSpaceRune(before) && (chinese(before) || chinese(after)) {
		d.CanClose = true
	}
	return n
}

// chinese reports whether a character is written without spaces around it; an output stands for
// some such text.
func chinese(r rune) bool {
	return r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF || r == spanStart || r == spanEnd ||
		unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo)
}

// paragraphParser takes an indented line for a paragraph: there is no code in mails, and without
// it the line would be lost.
type paragraphParser struct{ parser.BlockParser }

// CanAcceptIndentedLine implements parser.BlockParser.
func (paragraphParser) CanAcceptIndentedLine() bool { return true }
