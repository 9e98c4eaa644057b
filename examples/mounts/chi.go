package mounts

import "github.com/go-chi/chi/v5"

// Chi mounts the CRM on a chi router. Handle with a star keeps the path as it is; chi's Mount would
// do too, and Route with a StripPrefix would not.
func Chi(r chi.Router, c CRM) {
	r.Handle(adminPath, c.Admin()) // which leads on to adminPath with its slash
	r.Handle(adminPath+"/*", c.Admin())
	r.Handle(publicPath+"/*", c.Public())
}
