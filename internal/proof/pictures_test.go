package proof

import (
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// envPictures names the folder for the pictures that the README shows; without it none are taken:
//
//	PROOF_PICTURES=$PWD/docs/images go test -C internal/proof -run 'TestTheWholeJob|TestFunnels$' .
const envPictures = "PROOF_PICTURES"

// readme gives the pages that the README shows their file names there.
var readme = map[string]string{"home": "home", "audience": "audience", "result": "campaign", "course-enrolled": "course", "dossier-timeline": "dossier"}

// picture takes the README's picture of the page that is open, if it shows that one: the window and not
// the whole page, and with "-en" at the end of its name when the page speaks English.
func (b *browser) picture(name, lang string) {
	b.Helper()
	dir, file := os.Getenv(envPictures), readme[name]
	if dir == "" || file == "" {
		return
	}
	if lang == "en" {
		file += "-en"
	}
	eval[bool](b, `() => { window.scrollTo(0, 0); return true }`)
	picture, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file+".png"), picture.Data, 0o644); err != nil {
		b.Fatal(err)
	}
}
