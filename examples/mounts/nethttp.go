package mounts

import "net/http"

// NetHTTP mounts the CRM on a ServeMux. The slash at the end of a pattern mounts the whole tree.
func NetHTTP(mux *http.ServeMux, c CRM) {
	mux.Handle(adminPath+"/", c.Admin())
	mux.Handle(publicPath+"/", c.Public())
}
