package hostadapter

// Capabilities are the optional sources that a host offers; nil means it does not.
type Capabilities struct {
	Memberships MembershipSource
	Activities  ActivitySource
	Consent     ConsentSource
	Totals      TotalsSource
	Links       LinkSource
	Messages    MessageSender
	SMS         SMSGateway
	Directory   StaffDirectory
}

// CapabilitiesOf finds what h offers. A wrapper (retry, metrics) that has a method
// Unwrap() HostAdapter does not hide what it wraps; what the wrapper itself offers comes first.
func CapabilitiesOf(h HostAdapter) Capabilities {
	var c Capabilities
	for h != nil {
		first(&c.Memberships, h)
		first(&c.Activities, h)
		first(&c.Consent, h)
		first(&c.Totals, h)
		first(&c.Links, h)
		first(&c.Messages, h)
		first(&c.SMS, h)
		first(&c.Directory, h)
		u, ok := h.(interface{ Unwrap() HostAdapter })
		if !ok {
			break
		}
		h = u.Unwrap()
	}
	return c
}

// first keeps the outermost of the sources found.
func first[T any](slot *T, h HostAdapter) {
	if any(*slot) != nil {
		return
	}
	if found, ok := h.(T); ok {
		*slot = found
	}
}
