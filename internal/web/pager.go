package web

// pager leads through a list by cursors. There is no way straight back to the page before: the
// browser's Back does that, and First begins again.
type pager struct {
	First string // empty: this is the first page
	Next  string // empty: this is the last
	ID    string // of the element that pages swap
}

func newPager(after, next, firstURL, nextURL, id string) pager {
	p := pager{ID: id}
	if after != "" {
		p.First = firstURL
	}
	if next != "" {
		p.Next = nextURL
	}
	return p
}
