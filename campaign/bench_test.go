package campaign

import (
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

func BenchmarkRenderMail(b *testing.B) {
	c, f := course()
	benchmark(b, h.ChannelEmail, c, f)
}

// BenchmarkRenderMailFilters has what needs Liquid: a filter and a comparison.
func BenchmarkRenderMailFilters(b *testing.B) {
	c, f := course()
	c.Blocks = append(c.Blocks, Block{Kind: BlockText, Text: `{{ 会员到期 | date: "%-m月%-d日" }}{% if 会员等级 == "金卡" %}!{% endif %}`})
	benchmark(b, h.ChannelEmail, c, f)
}

func BenchmarkRenderSMS(b *testing.B) {
	benchmark(b, h.ChannelSMS, Content{Text: "{{ 用户名 }}，《{{ 课程名称 }}》还有 {{ 天数 }} 天开课：{{ 链接 }}"},
		Fill{Link: "https://learn.example/", Params: map[string]string{"course": "Go", "天数": "3"}})
}

func benchmark(b *testing.B, ch h.Channel, c Content, f Fill) {
	b.Helper()
	l := ready(b, ch, c, f)
	v, links := person(), shorts(l)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Render(v, links); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompileMail(b *testing.B) {
	c, f := course()
	for b.Loop() {
		Compile(h.ChannelEmail, c, f, school)
	}
}
