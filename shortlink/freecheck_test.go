package shortlink

import (
	"strings"
	"testing"
	"time"
)

func TestFreeLinksAreChecked(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("长", n) }
	for name, c := range map[string]struct {
		change func(*FreeForm)
		want   string
	}{
		"whole":                  {func(*FreeForm) {}, ""},
		"only what is needed":    {func(f *FreeForm) { *f = FreeForm{Title: "a", Target: "https://learn.example"} }, ""},
		"tidied":                 {func(f *FreeForm) { f.Title, f.Target, f.Slug = " a  b\n", " https://learn.example/ ", " Open-DAY " }, ""},
		"as long as may be":      {func(f *FreeForm) { f.Title, f.UTM.Term = long(60), long(100) }, ""},
		"emoji":                  {func(f *FreeForm) { f.Title, f.UTM.Content = "🎉 开放日", "🎉" }, ""},
		"nothing":                {func(f *FreeForm) { *f = FreeForm{} }, "target problem.missing[], title problem.missing[]"},
		"blank":                  {func(f *FreeForm) { f.Title = " \t\u3000" }, "title problem.missing[]"},
		"long title":             {func(f *FreeForm) { f.Title = long(61) }, "title problem.long[60]"},
		"invisible title":        {func(f *FreeForm) { f.Title = "a\u202Eb" }, "title problem.control[]"},
		"broken title":           {func(f *FreeForm) { f.Title = "a\xff" }, "title problem.control[]"},
		"no address":             {func(f *FreeForm) { f.Target = "learn.example" }, "target problem.url[]"},
		"script":                 {func(f *FreeForm) { f.Target = "javascript:alert(1)" }, "target problem.url[]"},
		"credentials":            {func(f *FreeForm) { f.Target = "https://learn.example@evil.example/" }, "target problem.url[]"},
		"two lines":              {func(f *FreeForm) { f.Target = "https://learn.example/\r\nSet-Cookie: a=b" }, "target problem.url[]"},
		"somebody else's":        {func(f *FreeForm) { f.Target = "https://evil.example/?https://learn.example" }, "target problem.domain[learn.example, school.example]"},
		"below the school's":     {func(f *FreeForm) { f.Target = "https://live.school.example/1" }, ""},
		"code for a name":        {func(f *FreeForm) { f.Slug = "opendays" }, "slug problem.slug[3 40 8]"},
		"way up for a name":      {func(f *FreeForm) { f.Slug = "../admin" }, "slug problem.slug[3 40 8]"},
		"place for a name":       {func(f *FreeForm) { f.Slug = "static" }, "slug problem.slug[3 40 8]"},
		"Chinese name":           {func(f *FreeForm) { f.Slug = "开放日" }, "slug problem.slug[3 40 8]"},
		"over already":           {func(f *FreeForm) { f.Expires = noon }, "expires problem.past[]"},
		"over before all time":   {func(f *FreeForm) { f.Expires = time.Unix(0, 0) }, "expires problem.past[]"},
		"long parameter":         {func(f *FreeForm) { f.UTM.Campaign = long(101) }, "utm.campaign problem.long[100]"},
		"invisible parameter":    {func(f *FreeForm) { f.UTM.Source, f.UTM.Medium = "a\x00b", "a\nb" }, "utm.medium problem.control[], utm.source problem.control[]"},
		"several at once":        {func(f *FreeForm) { f.Title, f.Slug, f.UTM.Term = "", "x", long(101) }, "slug problem.slug[3 40 8], title problem.missing[], utm.term problem.long[100]"},
		"target of 2001 letters": {func(f *FreeForm) { f.Target = "https://learn.example/" + strings.Repeat("a", 1979) }, "target problem.url[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, d, _ := newDrawer("learn.example", "school.example")
			in := poster()
			c.change(&in)
			_, err := f.Create(t.Context(), "K", in, maker)
			if got := wrong(err); got != c.want || (len(d.links) == 1) != (c.want == "") {
				t.Errorf("created: %s; %d links", got, len(d.links))
			}
			if got := wrong(f.Check(in, FreeForm{})); got != c.want {
				t.Errorf("checked: %s", got)
			}
		})
	}
}

func TestFreeLinkIsTidied(t *testing.T) {
	t.Parallel()
	f, _, _ := newDrawer()
	in := poster()
	in.Title, in.Target, in.Slug, in.UTM.Source = " 开放日 \n 海报 ", " https://learn.example/open-day\n", " Open-DAY ", " poster "
	l, err := f.Create(t.Context(), "K", in, maker)
	want := FreeLink{Link: Link{ID: 1, Kind: LinkFree, Target: "https://learn.example/open-day", UTM: UTM{Source: "poster"}, Slug: "open-day", First: 10, Count: 1, Expires: noon.Add(time.Hour)},
		Title: "开放日 海报", ByID: "7", ByName: "周敏", CreatedAt: noon, UpdatedAt: noon, Code: "0-10"}
	if err != nil || l != want {
		t.Errorf("%+v, %v", l, err)
	}
}
