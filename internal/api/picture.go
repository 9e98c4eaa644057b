package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/shortlink"
)

// pictureType is the kind of pictures that are served.
const pictureType = "image/svg+xml"

// picture is a drawing that is about to be sent.
type picture struct {
	name string // of the file that it is saved as; empty: it is to be shown
	svg  []byte
}

// draw makes an operation that answers with a picture.
func draw[I any](id, path, summary string, do func(c *call, in *I) (picture, error)) operation {
	return operation{id: id, method: http.MethodGet, path: path, perm: view, summary: summary, register: func(a *API, served huma.API, op operation) {
		o := a.describe(op, http.StatusOK)
		content := map[string]*huma.MediaType{pictureType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
		o.Responses = map[string]*huma.Response{"200": {Description: "A picture.", Content: content}}
		huma.Register(served, o, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
			p, err := run(ctx, in, do)
			if err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(hc huma.Context) {
				_, w := humago.Unwrap(hc)
				out := &desk.FirstByte{To: w, Before: func(h http.Header) {
					h.Set("Content-Type", pictureType)
					if p.name != "" {
						h.Set("Content-Disposition", `attachment; filename="`+p.name+`"`)
					}
				}}
				_, _ = out.Write(p.svg) // the asker went away
			}}, nil
		})
	}}
}

type qrInput struct {
	ByID[shortlink.LinkID]
	Download bool `query:"download" doc:"As a file to be saved."`
}

// linkQR draws a link's address by its code, which never changes.
func (a *API) linkQR() operation {
	return draw("get-link-qr", "/links/{id}/qr.svg", "The QR code of a link, as a picture.", func(c *call, in *qrInput) (picture, error) {
		l, _, err := a.FreeLinks.Find(c, in.ID)
		if err != nil {
			return picture{}, err
		}
		svg, err := desk.QR(a.codeAddress(l))
		if err != nil || !in.Download {
			return picture{svg: svg}, err
		}
		return picture{"qr-" + l.Code + ".svg", svg}, nil // digits and letters
	})
}
