package mounts

import "github.com/labstack/echo/v4"

// Echo mounts the CRM on an echo server. Leave echo's own CSRF middleware off these paths: the panel
// refuses requests from other sites itself, and providers that report to the public handler have no
// token.
func Echo(e *echo.Echo, c CRM) {
	e.Any(adminPath, echo.WrapHandler(c.Admin())) // which leads on to adminPath with its slash
	e.Any(adminPath+"/*", echo.WrapHandler(c.Admin()))
	e.Any(publicPath+"/*", echo.WrapHandler(c.Public()))
}
