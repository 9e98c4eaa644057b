package email

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
)

// letterOf is a message of usual length.
func letterOf() campaign.Message {
	text := strings.Repeat("亲爱的同学,你好!我们为你准备了新课程,欢迎来看看。https://learn.example/go/abc\n", 6)
	return campaign.Message{Key: "c1.2", To: "p1@example.com", Subject: "你好,新课程", Text: text,
		HTML: "<p>" + strings.ReplaceAll(text, "\n", "</p><p>") + "</p>", Unsubscribe: "https://learn.example/go/u/abcdefghijklm"}
}

// BenchmarkWrite: what one message costs before it goes over the wire.
func BenchmarkWrite(b *testing.B) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for _, k := range []struct {
		name string
		key  crypto.Signer
	}{{"unsigned", nil}, {"Ed25519", edKey}, {"RSA", rsaKey}} {
		b.Run(k.name, func(b *testing.B) {
			config := Config{Addr: "127.0.0.1:1", From: "启明网校 <hello@mail.example.com>"}
			if k.key != nil {
				config.DKIM = DKIM{Domain: "example.com", Selector: "s1", Key: k.key}
			}
			c, err := New(config)
			if err != nil {
				b.Fatal(err)
			}
			m := letterOf()
			b.ReportAllocs()
			for b.Loop() {
				l, failed := c.write(m)
				if failed != nil {
					b.Fatal(*failed)
				}
				b.SetBytes(int64(len(l.message)))
			}
		})
	}
}
