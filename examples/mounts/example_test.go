package mounts_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"

	"github.com/coursecrm/coursecrm/examples/mounts"
)

func ExampleNetHTTP() {
	mux := http.NewServeMux()
	mounts.NetHTTP(mux, theCRM())
	visit(mux)
	// Output:
	// GET /admin/crm/: 200, a page
	// GET /admin/crm: leads to /admin/crm/
	// its style sheet: 200, text/css; charset=utf-8
	// POST /admin/crm/prefs: leads to /admin/crm/
	// POST from another site: 403
	// GET /go/nothing: 404
	// POST /go/callbacks/email: 404
}

func ExampleChi() {
	router := chi.NewRouter()
	router.Use(middleware.Recoverer, middleware.Compress(5))
	mounts.Chi(router, theCRM())
	visit(router)
	// Output:
	// GET /admin/crm/: 200, a page
	// GET /admin/crm: leads to /admin/crm/
	// its style sheet: 200, text/css; charset=utf-8
	// POST /admin/crm/prefs: leads to /admin/crm/
	// POST from another site: 403
	// GET /go/nothing: 404
	// POST /go/callbacks/email: 404
}

func ExampleGin() {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.Recovery())
	mounts.Gin(router, theCRM())
	visit(router)
	// Output:
	// GET /admin/crm/: 200, a page
	// GET /admin/crm: leads to /admin/crm/
	// its style sheet: 200, text/css; charset=utf-8
	// POST /admin/crm/prefs: leads to /admin/crm/
	// POST from another site: 403
	// GET /go/nothing: 404
	// POST /go/callbacks/email: 404
}

func ExampleEcho() {
	server := echo.New()
	server.Use(echomiddleware.Recover(), echomiddleware.Gzip())
	mounts.Echo(server, theCRM())
	visit(server)
	// Output:
	// GET /admin/crm/: 200, a page
	// GET /admin/crm: leads to /admin/crm/
	// its style sheet: 200, text/css; charset=utf-8
	// POST /admin/crm/prefs: leads to /admin/crm/
	// POST from another site: 403
	// GET /go/nothing: 404
	// POST /go/callbacks/email: 404
}

// visit does through a router what browsers, learners and providers do.
func visit(router http.Handler) {
	server := httptest.NewServer(router)
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v := visitor{client: client, site: server.URL}

	page := v.do(http.MethodGet, "/admin/crm/", "")
	fmt.Println("GET /admin/crm/:", page.whole())
	fmt.Println("GET /admin/crm:", v.do(http.MethodGet, "/admin/crm", "").short())
	sheet := v.do(http.MethodGet, page.styleSheet(), "")
	fmt.Printf("its style sheet: %d, %s\n", sheet.status, sheet.kind)
	fmt.Println("POST /admin/crm/prefs:", v.do(http.MethodPost, "/admin/crm/prefs", "").short())
	fmt.Println("POST from another site:", v.do(http.MethodPost, "/admin/crm/prefs", "https://elsewhere.example").short())
	fmt.Println("GET /go/nothing:", v.do(http.MethodGet, "/go/nothing", "").short())
	fmt.Println("POST /go/callbacks/email:", v.do(http.MethodPost, "/go/callbacks/email", "").short())
}
