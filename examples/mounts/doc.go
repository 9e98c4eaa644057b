// Package mounts shows how the CRM is mounted under net/http, chi, gin and echo. The four functions
// are all there is to it; the tests visit the panel and a short link through each of them, and through
// the middleware that hosts usually have.
//
// It is a module of its own, so that none of these routers comes with the library.
package mounts

import "net/http"

// CRM is what is mounted: *crm.CRM has these methods.
type CRM interface {
	Admin() http.Handler
	Public() http.Handler
}

// The panel's place is crm.Config.BasePath, and that of the public handler the path of
// crm.Config.PublicURL. Nothing may strip them: both handlers read the whole path.
const (
	adminPath  = "/admin/crm"
	publicPath = "/go"
)
