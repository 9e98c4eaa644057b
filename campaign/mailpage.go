package campaign

// phrases are the words of a mail that are not staff's.
type phrases struct{ lang, tired, unsubscribe, comma, image, was string }

func phrasesOf(lang string) phrases {
	if lang == "en" {
		return phrases{"en", "You get this mail because you learn with us. ", "Unsubscribe", ", ", "[Image]", "was"}
	}
	return phrases{"zh-CN", "不想再收到营销邮件，", "点此退订", "，", "[图片]", "原价"}
}

const pageStyle = `margin:0;padding:0;background:#f4f5f7;color:#1a2230;font-size:16px;line-height:1.7;` +
	`font-family:'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;-webkit-text-size-adjust:100%`

// mailHead ends inside the title. The styles are for programs that read them; the mail holds
// without.
const mailHead = `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
	`<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">` +
	`<style>:root{color-scheme:light dark}` +
	`@media (max-width:480px){.c-cell{padding-left:20px!important;padding-right:20px!important}}` +
	`@media (prefers-color-scheme:dark){.c-page{background:#14181f!important}.c-card{background:#1d232c!important}` +
	`.c-ink{color:#e6eaf0!important}.c-2nd{color:#a3adbb!important}.c-link{color:#8ab4f8!important}` +
	`.c-box,.c-line{border-color:#384150!important}}</style><title>`

// The preheader is read in the list of mails and not in the mail. The blanks behind it keep the
// text of the mail out of that list.
const (
	preheaderOpen  = `<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;mso-hide:all">`
	blanks         = `&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;`
	preheaderClose = blanks + blanks + blanks + blanks + blanks + `</div>`
)

// The card is 600 px wide, by a table of its own in Outlook, which knows no max-width.
const (
	cardOpen = `<table role="presentation" class="c-page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f4f5f7"><tr><td align="center" style="padding:20px 16px">` +
		`<!--[if mso]><table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->` +
		`<table role="presentation" class="c-card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background:#ffffff;border-radius:8px;text-align:left">`
	cardClose = `</table><!--[if mso]></td></tr></table><![endif]--></td></tr></table>`
)
