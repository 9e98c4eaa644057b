package campaign

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

var update = flag.Bool("update", false, "write testdata/mail.* anew")

// course is a mail with a block of every kind.
func course() (Content, Fill) {
	return Content{
			Subject: "{{ 用户名 }}，你试听的课还能再省 300 元", Preheader: "返场优惠还剩 {{ 天数 }} 天", ReplyTo: "service@example.com",
			Blocks: []Block{
				{Kind: BlockHeading, Text: "接着上次的进度学"},
				{Kind: BlockText, Text: "{{ 用户名 }}，你好。你试听过的《{{ 课程名称 }}》正在返场，**现在报名立减 300 元！**试听进度会保留。\n\n" +
					"{% if 会员等级 %}\n你是{{ 会员等级 }}会员，*另有*一份礼物。\n{% endif %}\n\n- 看[大纲](https://learn.example/outline?a=1&b=2)\n- 问老师\n\n1. 第一步\n2. 打开 {{ 链接 }}\n\n> 一位学员说：\n> 值得。"},
				{Kind: BlockImage, Image: "https://img.example/a.png?w=1&h=2", Alt: "{{ 课程名称 }}的封面", URL: "{{ 链接 }}"},
				{Kind: BlockCourse, Text: "Python {{ 数据分析 }} <实战班>", Note: "32 节录播，8 次直播答疑", Price: "¥799", Was: "¥1,099", Image: "https://img.example/b.png", URL: "https://learn.example/course/318"},
				{Kind: BlockDivider},
				{Kind: BlockButton, Text: "继续学习", URL: "https://learn.example/course/318"},
			},
		}, Fill{Link: "https://learn.example/", Params: map[string]string{"天数": "3", "course": "Python 数据分析"},
			Fallbacks: map[string]string{"nickname": "同学"}}
}

func TestMailGolden(t *testing.T) {
	t.Parallel()
	c, f := course()
	l := ready(t, h.ChannelEmail, c, f)
	if want := []string{"https://learn.example/", "https://learn.example/outline?a=1&b=2", "https://learn.example/course/318"}; !slices.Equal(l.Targets(), want) {
		t.Errorf("targets %q", l.Targets())
	}
	r, err := l.Render(person(), shorts(l))
	if err != nil {
		t.Fatal(err)
	}
	if r.Subject != "小林，你试听的课还能再省 300 元" {
		t.Errorf("subject %q", r.Subject)
	}
	for name, got := range map[string]string{"mail.html": readable(r.HTML), "mail.txt": r.Text} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path) //nolint:gosec // of this test
		if err != nil || got != string(want) {
			t.Errorf("%s differs (%v); go test -run MailGolden -update, and read the difference", name, err)
		}
	}
}

// readable breaks the lines of a mail, which has none, where a difference is easy to read.
func readable(page string) string {
	return strings.NewReplacer("<tr>", "\n<tr>", "<p ", "\n<p ", "<body", "\n<body", "<table", "\n<table", "<style", "\n<style", "<li", "\n<li").Replace(page) + "\n"
}
