package shortlink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"net/netip"
	"slices"
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
	lines := r.Header.Values("X-Forwarded-For")
	for range maxHops {
		if len(lines) == 0 || !p.trusted(addr) {
			break
		}
		line := lines[len(lines)-1]
		comma := strings.LastIndexByte(line, ',')
		next, err := netip.ParseAddr(strings.TrimSpace(line[comma+1:]))
		if err != nil {
			break
		}
		addr = next.Unmap().WithZone("")
		if lines = slices.Clone(lines[:len(lines)-1]); comma >= 0 {
			lines = append(lines, line[:comma])
		}
	}
	return addr
}

// maxHops is how many proxies are believed: a header may hold a megabyte of them.
const maxHops = 16

// Shared address space (RFC 6598), from which some load balancers ask, and that of benchmarks (RFC
// 2544): nobody's own, like the private ones.
var shared = [...]netip.Prefix{netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15")}

// public reports whether an address may be a visitor's own, as seen from here.
func public(a netip.Addr) bool {
	return a.IsValid() && a.IsGlobalUnicast() && !a.IsPrivate() && !shared[0].Contains(a) && !shared[1].Contains(a)
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
