package web

import "github.com/coursecrm/coursecrm/hostadapter"

// Route is a page or an action of the panel as its table has it.
type Route struct {
	Method, Path string // the path below BasePath, as http.ServeMux reads it
	Permission   hostadapter.Permission
}

// Routes lists the panel, so that a test can hold every page and action to the permission that it
// should ask for. Static files and the page for what is not there are not among them.
func Routes() []Route {
	table := new(Web).routes()
	out := make([]Route, len(table))
	for i, rt := range table {
		out[i] = Route{rt.method, rt.path, rt.perm}
	}
	return out
}
