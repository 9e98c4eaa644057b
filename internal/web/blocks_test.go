package web

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// kinds writes down the kinds of a draft's blocks by their first letters.
func kinds(blocks []campaign.Block) string {
	var b strings.Builder
	for _, x := range blocks {
		b.WriteString(string(x.Kind[:1]))
	}
	return b.String()
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	at := func(step, want, focus string) {
		t.Helper()
		form := letter("step", step, "b.0.text", "改过的标题")
		for i, b := range s.world.drafts["MAILDRAFT"].Content.Blocks { // the form shows what is there
			prefix := "b." + strconv.Itoa(i) + "."
			form.Set("blocks", strconv.Itoa(i+1))
			form.Set(prefix+"kind", string(b.Kind))
			form.Set(prefix+"text", b.Text)
			form.Set(prefix+"url", b.URL)
		}
		a := s.change("MAILDRAFT", form, "composer").want(t, 200, `id="composer"`)
		if got := kinds(s.world.drafts["MAILDRAFT"].Content.Blocks); got != want {
			t.Errorf("%s: %s, want %s", step, got, want)
		}
		if focus != "" && !strings.Contains(between(t, a.body, `id="`+focus+`"`, ">"), "data-focus") {
			t.Errorf("%s: the focus is not on %s", step, focus)
		}
	}
	at("block:add:image", "htbi", "c-blocks-3-image")
	at("block:up:3", "htib", "up-2")
	at("block:up:1", "thib", "down-0")
	at("block:down:0", "htib", "down-1")
	at("block:down:2", "htbi", "up-3")
	at("block:cut:0", "tbi", "cut-0")
	at("block:cut:2", "tb", "cut-1")
	at("block:add:divider", "tbd", "")
	at("block:up:0", "tbd", "")
	if s.world.drafts["MAILDRAFT"].Content.Blocks[0].Text == "" {
		t.Error("what was typed is lost")
	}
	for _, step := range []string{"block:up:9", "block:add:iframe", "block:spin:0", "block:up:-1", "block:", "block"} {
		s.post("/drafts/MAILDRAFT", letter("step", step)).want(t, http.StatusUnprocessableEntity)
	}
	if a := s.post("/drafts/MAILDRAFT", letter("step", "block:add:text")).want(t, http.StatusSeeOther); a.Header.Get("Location") != "/crm/drafts/MAILDRAFT#block-3" {
		t.Errorf("Location %q", a.Header.Get("Location"))
	}
	// Not made by our forms: more blocks than may be, of kinds that are none.
	form := letter("blocks", "999999")
	for i := range 200 {
		form.Set("b."+strconv.Itoa(i)+".kind", []string{"text", "script"}[i%2])
	}
	s.change("MAILDRAFT", form, "preview").want(t, 200)
	if n := len(s.world.drafts["MAILDRAFT"].Content.Blocks); n != campaign.MaxBlocks/2 {
		t.Errorf("%d blocks", n)
	}
	full := letter("blocks", "50", "step", "block:add:text")
	for i := range 50 {
		full.Set("b."+strconv.Itoa(i)+".kind", "divider")
	}
	s.post("/drafts/MAILDRAFT", full).want(t, http.StatusUnprocessableEntity)
	full.Set("step", "save")
	s.post("/drafts/MAILDRAFT", full).want(t, http.StatusSeeOther)
	s.get("/drafts/MAILDRAFT").want(t, 200, "已经到了最多的块数").lacks(t, "block:add")
}

// TestBlocksAreKept holds that showing blocks and reading the form gives the same blocks, and that
// moving them loses none.
func TestBlocksAreKept(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var blocks []campaign.Block
		for range r.IntN(8) {
			b := campaign.Block{Kind: campaign.BlockKinds()[r.IntN(len(campaign.BlockKinds()))]}
			for _, field := range fieldsOf(b.Kind) {
				*part(&b, field) = []string{"", "a", "{{ x }}", "<b>", "第一行\n第二行"}[r.IntN(5)]
			}
			blocks = append(blocks, b)
		}
		form := url.Values{"blocks": {strconv.Itoa(len(blocks))}}
		e := editor{l: testLocale(t, zhCN), paths: paths{}}
		for _, b := range e.blocks(blocks) {
			form.Set(b.Prefix()+"kind", string(b.Kind))
			for _, f := range b.Fields {
				form.Set(f.Name, strings.ReplaceAll(f.Value, "\n", "\r\n"))
			}
		}
		got := readBlocks(form)
		if len(got) != len(blocks) {
			t.Fatalf("%d blocks of %d", len(got), len(blocks))
		}
		for i := range got {
			if got[i] != blocks[i] {
				t.Fatalf("block %d: %+v, was %+v", i, got[i], blocks[i])
			}
		}
		if len(blocks) == 0 {
			continue
		}
		i := strconv.Itoa(r.IntN(len(blocks)))
		moved, _, _, ok := editBlocks(blocks, []string{"up:", "down:"}[r.IntN(2)]+i)
		left, _, _, cut := editBlocks(blocks, "cut:"+i)
		if !ok || !cut || len(moved) != len(blocks) || len(left) != len(blocks)-1 {
			t.Fatalf("moved %d, left %d of %d", len(moved), len(left), len(blocks))
		}
	}
}

func FuzzBlocks(f *testing.F) {
	f.Add("blocks=3&b.0.kind=text&b.0.text=a&b.1.kind=image&b.2.kind=x", "up:1")
	f.Add("blocks=-1", "add:button")
	f.Fuzz(func(t *testing.T, form, do string) {
		v, err := url.ParseQuery(form)
		if err != nil {
			return
		}
		blocks := readBlocks(v)
		out, at, _, _ := editBlocks(blocks, do)
		if len(blocks) > campaign.MaxBlocks || len(out) > campaign.MaxBlocks || at > len(out) {
			t.Fatalf("%d blocks, %d after %q, at %d", len(blocks), len(out), do, at)
		}
	})
}

func TestLocalTime(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		date, clock string
		loc         *time.Location
		want, key   string
	}{
		{"2026-11-20", "19:30", shanghai(), "2026-11-20T19:30:00+08:00", ""},
		{" 2026-11-20", "19:30:15 ", shanghai(), "2026-11-20T19:30:15+08:00", ""},
		{"2026-03-29", "02:30", berlin, "", "problem.time_gap"},              // clocks jump from 2 to 3
		{"2026-10-25", "02:30", berlin, "2026-10-25T02:30:00+02:00", ""},     // shown twice: the first
		{"2026-02-30", "10:00", shanghai(), "", "problem.time"},              // no such day
		{"2026-11-20", "", shanghai(), "", "problem.time"},                   //
		{"", "", shanghai(), "", "problem.time"},                             //
		{"20.11.2026", "19:30", shanghai(), "", "problem.time"},              //
		{"2026-11-20", "25:00", shanghai(), "", "problem.time"},              //
		{"2026-11-20' OR 1", "19:30", shanghai(), "", "problem.time"},        //
		{"0001-01-01", "08:05:43", shanghai(), "", "problem.time"},           // the zero time, which means at once
		{"9999-12-31", "23:59", shanghai(), "9999-12-31T23:59:00+08:00", ""}, // found by the check
	} {
		got, p := localTime(tt.date, tt.clock, tt.loc)
		if p.Key != tt.key || tt.want != "" && got.Format(time.RFC3339) != tt.want {
			t.Errorf("%s %s: %v, %q", tt.date, tt.clock, got, p.Key)
		}
	}
	quiet := campaign.QuietHours{Start: 21 * time.Hour, End: 8 * time.Hour}
	for at, want := range map[string]string{"2026-11-20T20:05:00+08:00": "2026-11-21T08:00:00+08:00", "2026-11-20T10:40:00+08:00": "2026-11-20T12:00:00+08:00", "2026-11-20T10:20:00+08:00": "2026-11-20T11:00:00+08:00"} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := usualTime(now, shanghai(), quiet).Format(time.RFC3339); got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
}

func TestMarkedText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{{ 用户名 }}您好":      "[用户名]您好",
		"a{{x | upcase}}b": "a[x]b",
		"{{}}":             "[{{}}]",
		"{{ 没有结束":          "{{ 没有结束",
		"":                 "",
	} {
		var b strings.Builder
		for _, p := range marked(text) {
			if p.Mark {
				b.WriteString("[" + p.Text + "]")
			} else {
				b.WriteString(p.Text)
			}
		}
		if b.String() != want {
			t.Errorf("%s: %s", text, b.String())
		}
	}
	if l := lengthOf("{{ 用户名 }}您好😀", "启明网校"); l.Units != 10 || l.Parts != 1 || l.Signature != 6 {
		t.Errorf("length %+v", l)
	}
	l := testLocale(t, zhCN)
	for n, want := range map[int64]string{4500: "¥0.045", 100_000: "¥1.00", 1: "¥0.00001", 0: "¥0.00", 123_456_000: "¥1,234.56"} {
		if got := l.Price(n); got != want {
			t.Errorf("price %d: %s, want %s", n, got, want)
		}
	}
}
