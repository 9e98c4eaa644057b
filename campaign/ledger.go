package campaign

import (
	"context"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Work is something a worker can do next. It is read from the database, so that a queue that
// lost everything is filled again.
type Work struct {
	Campaign   ID
	Chunk      int // -1: plan the campaign
	Generation int // grows with every claim; a task of an older generation is stale
}

// PlanChunk is the Chunk of work that plans.
const PlanChunk = -1

// Claim is a worker's hold on a chunk.
type Claim struct {
	Campaign Campaign
	Chunk    int
	Owner    string
	Links    []shortlink.Link // those of Letter.Links, in order
}

// Attempt is the outcome of one delivery.
type Attempt struct {
	Ordinal    int64
	State      DeliveryState // Queued for another try
	Reason     Reason        // of one left out after all: the Exclusion
	ProviderID string
	Try        int       // which try it was the outcome of: Addressee.Tries; 0: whichever is in flight
	Parts      int       // of an accepted SMS
	NextAt     time.Time // of another try
	Untried    bool      // it never came to a try: the provider could not be used at all
}

// Ledger is what sending needs of storage; storage.Campaigns implements it. Each method is one
// transaction.
type Ledger interface {
	// Due lists work that nobody holds.
	Due(ctx context.Context, now time.Time, limit int) ([]Work, error)
	// Plan freezes a campaign's audience into deliveries, chunks and links, of which Kind and
	// Target are given. Planning a campaign that is planned already, or cancelled, changes
	// nothing.
	Plan(ctx context.Context, id ID, v Sieve, links []shortlink.Link, now time.Time) error
	// Claim takes a chunk for ttl. Deliveries that a former holder left in flight become unknown;
	// on the channels in again, whose providers know a message by its key, they are queued once
	// more, in doubt. False: somebody else holds it, or it is done, or the generation is stale.
	Claim(ctx context.Context, w Work, owner string, ttl time.Duration, again []h.Channel, now time.Time) (Claim, bool, error)
	// Take marks up to limit due deliveries of the chunk as sending and renews the claim. Whoever
	// must not be sent to any more is left out instead, with the reason in Late: that is asked
	// here, one campaign after the other for each person, so that two cannot both reach somebody
	// within a cap. One in doubt, which a former try may have reached, becomes unknown instead of
	// left out. No rows: nothing is due. fault.ErrConflict: the claim is lost, or the
	// campaign is not sending; nothing was marked.
	Take(ctx context.Context, c Claim, v Sieve, limit int, ttl time.Duration, now time.Time) ([]Addressee, error)
	// Renew keeps a claim for ttl more. fault.ErrConflict: it is lost.
	Renew(ctx context.Context, c Claim, ttl time.Duration) error
	// Finish writes outcomes, and suppresses contacts that proved dead. What the provider said for
	// certain also replaces "unknown", when the claim was lost while it was answering; that a try
	// did not leave settles nothing about an earlier one that may have.
	Finish(ctx context.Context, id ID, outcomes []Attempt, now time.Time) error
	// Release ends a claim. The chunk is done when it has no delivery left to send, and the
	// campaign when it has no chunk left; else the chunk is due again at retryAt or when its
	// next delivery is, whichever is later.
	Release(ctx context.Context, c Claim, stall Stall, retryAt, now time.Time) error
	// Drop cancels what a cancelled campaign's chunk has not sent.
	Drop(ctx context.Context, c Claim, now time.Time) error
	// Move changes a campaign's state if it is one of from, and tells whether it was.
	Move(ctx context.Context, id ID, m Move, now time.Time) (bool, error)
	// Reserve lets n more messages through a channel at rate a second, over all processes, and
	// says how long to wait before they may leave. Where that is longer than patience nothing is
	// reserved.
	Reserve(ctx context.Context, ch h.Channel, n int, rate float64, patience time.Duration) (time.Duration, error)
	// SetConsents enters what the host said about people.
	SetConsents(ctx context.Context, changes []ConsentChange) error
}
