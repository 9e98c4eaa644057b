package mounts

import "github.com/gin-gonic/gin"

// Gin mounts the CRM on a gin router. A middleware that writes bodies anew, such as one that
// compresses, must leave the panel's exports alone, which are sent as they are made.
func Gin(r gin.IRouter, c CRM) {
	r.Any(adminPath+"/*path", gin.WrapH(c.Admin()))
	r.Any(publicPath+"/*path", gin.WrapH(c.Public()))
}
