package shortlink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose word about a visitor's address counts, in the header
// X-Forwarded-For. The zero value: private and loopback ones.
type Proxies []netip.Prefix

func (p Proxies) trusted(a netip.Addr) bool {
	if p == nil {
		return !public(a)
	}
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// Client is the address that a request came from: the last that no trusted proxy has. It is
// invalid where nobody says it.
func (p Proxies) Client(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := at.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusted(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap().WithZone("")
	}
	return addr
}

// public reports whether an address may be a visitor's own, as seen from here.
func public(a netip.Addr) bool {
	return a.IsValid() && a.IsGlobalUnicast() && !a.IsPrivate()
}

// network is the part of a public address that tells where it is, not whose.
func network(a netip.Addr) string {
	if !public(a) {
		return ""
	}
	bits := 48
	if a.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(a, bits).Masked().String()
}

// visitor hashes a public address with the day's salt: when the salt is forgotten nobody can find
// the address by trying all.
func visitor(a netip.Addr, salt []byte) int64 {
	if !public(a) || len(salt) == 0 {
		return 0
	}
	mac := hmac.New(sha256.New, salt)
	b := a.As16()
	mac.Write(b[:])
	if n := int64(binary.BigEndian.Uint64(mac.Sum(nil))); n != 0 {
		return n
	}
	return 1
}
