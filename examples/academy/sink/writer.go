package sink

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

const (
	writers    = 2   // how many commits may run at once
	groupMails = 500 // how many mails one commit may hold
	keepWithin = 20 * time.Second
)

var errClosed = errors.New("sink: closed")

// writer commits mail in groups: while a commit runs, what arrives meanwhile waits for the next
// one, so that a busy sink takes thousands of mails a second with tens of commits.
type writer struct {
	db    *sql.DB
	queue chan delivery
	done  chan struct{} // closed by close
	all   sync.WaitGroup
}

// delivery is a mail with all its recipients, and where to say how it went.
type delivery struct {
	mails []Mail
	kept  chan<- error
}

func newWriter(db *sql.DB) *writer {
	w := &writer{db: db, queue: make(chan delivery, groupMails), done: make(chan struct{})}
	for range writers {
		w.all.Go(w.run)
	}
	return w
}

// keep returns when the mails are committed.
func (w *writer) keep(mails []Mail) error {
	kept := make(chan error, 1)
	select {
	case w.queue <- delivery{mails, kept}:
	case <-w.done:
		return errClosed
	}
	select {
	case err := <-kept:
		return err
	case <-w.done:
		return errClosed // the client was not told 250, so it still has the mail
	}
}

// close stops the writers. Groups that have begun are finished.
func (w *writer) close() {
	close(w.done)
	w.all.Wait()
}

func (w *writer) run() {
	for {
		select {
		case first := <-w.queue:
			group := w.gather(first)
			err := w.commit(group)
			for _, d := range group {
				d.kept <- err
			}
		case <-w.done:
			return
		}
	}
}

// gather takes what waits in the queue, but does not wait for more.
func (w *writer) gather(first delivery) []delivery {
	group, size := []delivery{first}, len(first.mails)
	for size < groupMails {
		select {
		case d := <-w.queue:
			group, size = append(group, d), size+len(d.mails)
		default:
			return group
		}
	}
	return group
}

// commit inserts a group with one statement.
func (w *writer) commit(group []delivery) error {
	ctx, cancel := context.WithTimeout(context.Background(), keepWithin)
	defer cancel()
	var envelopes, recipients, froms, subjects, ids []string
	var raws [][]byte
	var times []time.Time
	for _, d := range group {
		for _, m := range d.mails {
			envelopes, recipients, froms = append(envelopes, m.EnvelopeFrom), append(recipients, m.To), append(froms, m.From)
			subjects, ids = append(subjects, m.Subject), append(ids, m.MessageID)
			raws, times = append(raws, m.Raw), append(times, m.ReceivedAt)
		}
	}
	_, err := w.db.ExecContext(ctx, `INSERT INTO mails (envelope_from, recipient, header_from, subject, message_id, raw, received_at)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::timestamptz[])`,
		envelopes, recipients, froms, subjects, ids, raws, times)
	return err
}
