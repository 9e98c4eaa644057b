package sms_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/campaign/sms"
)

func ExampleNewHTTP() {
	_, err := sms.NewHTTP(sms.HTTPConfig{URL: "https://sms.example/v1", KeyID: "academy", Secret: []byte("too short"), Signature: "启明网校"})
	fmt.Println(err)

	gateway, err := sms.NewHTTP(sms.HTTPConfig{URL: "https://sms.example/v1", KeyID: "academy", Secret: []byte("0123456789abcdef"), Signature: "启明网校"})
	fmt.Println(sms.New(gateway).Name(), gateway.Traits().BatchSize, err)
	// Output:
	// field Secret: 16 bytes are needed
	// sms 100 <nil>
}

func ExampleParseCallback() {
	secret, now := []byte("0123456789abcdef"), time.Now()
	body := []byte(`{"inbound":[{"from":"13800138000","text":"退订","at":"2026-11-22T08:00:00Z"}]}`)
	head := sms.Sign("academy", secret, now, http.MethodPost, sms.CallbackPath, body)

	c, err := sms.ParseCallback(secret, head, now, body)
	fmt.Println(sms.OptOut(c.Inbound[0].Text), err)

	_, err = sms.ParseCallback(secret, head, now.Add(time.Hour), body)
	fmt.Println(err)
	// Output:
	// true <nil>
	// not signed by the provider: signed too far from now
}
