package email

import "context"

// connect takes an idle link or makes one, unless there is one.
func (s *session) connect(ctx context.Context) error {
	if s.link != nil {
		return nil
	}
	l := s.c.spare(s.dial)
	if l == nil {
		var err error
		if l, err = s.c.dialer.dial(ctx); err != nil {
			return err
		}
	}
	s.link, s.stop = l, context.AfterFunc(ctx, l.close)
	return nil
}

// spare takes an idle link; nil: there is none, or none is wanted.
func (c *Channel) spare(unwanted bool) *link {
	if unwanted {
		return nil
	}
	select {
	case l := <-c.idle:
		l.served = true
		return l
	default:
		return nil
	}
}

// drop closes a link that cannot be used any more.
func (s *session) drop() {
	if s.link != nil {
		s.stop()
		s.link.close()
		s.link = nil
	}
}

// leave gives the link back for the next batch. One that is in the middle of a message is closed,
// also when the context has not got to it yet: the server throws away what has no end.
func (s *session) leave() {
	if s.link == nil {
		return
	}
	if !s.stop() || s.link.owes == content || s.link.owes == loneDot {
		s.link.close()
		return
	}
	select {
	case s.c.idle <- s.link:
	default:
		s.link.close()
	}
}
