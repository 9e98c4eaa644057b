package campaign

import "github.com/coursecrm/coursecrm/shortlink"

// Content is what a campaign says. It is kept as JSON with templates, drafts and campaigns. Its
// texts are templates: Liquid with outputs, filters, if, unless and case.
type Content struct {
	Subject   string  `json:"subject,omitempty"`   // e-mail
	Preheader string  `json:"preheader,omitempty"` // e-mail: shown beside the subject in the list of mails
	ReplyTo   string  `json:"reply_to,omitempty"`  // e-mail; empty: the sender's address
	Blocks    []Block `json:"blocks,omitempty"`    // e-mail; the footer is added to them
	Text      string  `json:"text,omitempty"`      // SMS, without signature, and private message
	From      string  `json:"from,omitempty"`      // private message: the host's id of the member of staff
	Supplier  string  `json:"supplier,omitempty"`  // SMS: the supplier's id of the approved template
}

// BlockKind says what a block is.
type BlockKind string

// Kinds of block.
const (
	BlockHeading BlockKind = "heading" // Text
	BlockText    BlockKind = "text"    // Text: paragraphs, lists, bold, italic and links in CommonMark
	BlockImage   BlockKind = "image"   // Image, Alt, URL
	BlockCourse  BlockKind = "course"  // Text (title), Note, Price, Was, Image, Alt, URL: as they are, no templates
	BlockButton  BlockKind = "button"  // Text, URL
	BlockDivider BlockKind = "divider"
)

// BlockKinds lists the kinds in the order in which the composer offers them.
func BlockKinds() []BlockKind {
	return []BlockKind{BlockText, BlockHeading, BlockImage, BlockCourse, BlockButton, BlockDivider}
}

// Block is a part of an e-mail.
type Block struct {
	Kind  BlockKind `json:"kind"`
	Text  string    `json:"text,omitempty"`
	URL   string    `json:"url,omitempty"`   // where it leads; empty: nowhere
	Image string    `json:"image,omitempty"` // address of the picture
	Alt   string    `json:"alt,omitempty"`   // the picture in words
	Note  string    `json:"note,omitempty"`  // a line below the title
	Price string    `json:"price,omitempty"` // as it is shown: ¥799
	Was   string    `json:"was,omitempty"`   // the price before, struck out
}

// Fill is what is chosen when a template is sent.
type Fill struct {
	Link string `json:"link,omitempty"` // where {{ 链接 }} leads
	// Params are the values of the template's own parameters by name, and of course and
	// classroom; the same for everybody.
	Params map[string]string `json:"params,omitempty"`
	// Fallbacks say what to write where a person's value is missing, by Variable.Name.
	Fallbacks map[string]string `json:"fallbacks,omitempty"`
}

// Site is what messages say about the school.
type Site struct {
	Name      string
	Address   string            // postal, in the footer of mails; may be empty
	Signature string            // SMS: stands in front as 【…】; empty: the supplier adds its own
	Domains   shortlink.Domains // where links may lead
	Lang      string            // of the texts that are not staff's: "en", else "zh-CN"
}

// Limits of content, in characters.
const (
	MaxSubject   = 200
	MaxPreheader = 200
	MaxSMS       = 500
	MaxMessage   = 1000
	MaxBlocks    = 50
	MaxBlockText = 10_000 // of one text block
	MaxBody      = 50_000 // of all blocks
	MaxShort     = 200    // of a heading, a title, an alternative text, a parameter
	MaxButton    = 50
	MaxFallback  = 50
	MaxTargets   = 20

	maxMessageSent = 2000    // characters: what a host's private message holds
	maxSMSSent     = 1000    // units
	maxMail        = 1 << 20 // bytes
)
