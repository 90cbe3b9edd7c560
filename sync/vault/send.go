package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/sync/link"
)

// A Peer is a link to the twin.
type Peer interface {
	Call(ctx context.Context, verb string, args, answer any) error
	Put(ctx context.Context, path string, from io.ReaderAt, size int64) error
}

// How long the twin may take.
const (
	answerWait = 30 * time.Second // for an answer
	slowest    = 64 << 10         // bytes a second of what is put
	slowRead   = 8 << 20          // bytes a second of what it reads back
	busyWait   = 90 * time.Second // for the end of a session that was cut: it notices within a minute
	busyPause  = time.Second
)

// A Sender sends a server's own backups to its twin.
type Sender struct {
	Peer Peer
	From backup.Keeper
}

// Send sends a set, and returns once the twin has read back all of it. What the
// twin has of it already is not sent again.
func (s Sender) Send(ctx context.Context, set backup.Set) error {
	text, err := s.From.Text(ctx, set.Title())
	if err != nil {
		return err
	}
	resumed, err := s.try(ctx, set, text)
	if resumed && code(err) == codeUntrusted { // what it had before may have rotted: it has removed it
		_, err = s.try(ctx, set, text)
	}
	if err != nil {
		return fmt.Errorf("send %s: %w", set.Title(), err)
	}
	return nil
}

const (
	codeUntrusted = 6 // exit statuses
	codeBusy      = 9
)

func code(err error) int {
	var remote *link.RemoteError
	if errors.As(err, &remote) {
		return remote.Code
	}
	return 0
}

func (s Sender) try(ctx context.Context, set backup.Set, text []byte) (resumed bool, err error) {
	var c backup.Come
	if err := s.offer(ctx, Offer{set.Title(), text}, &c); err != nil || c.Kept {
		return false, err
	}
	if len(c.Files) != len(set.Files) {
		return false, fmt.Errorf("%w: it was offered %d files and tells of %d", ErrUntrusted, len(set.Files), len(c.Files))
	}
	for i, f := range set.Files {
		if c.Files[i] < 0 || c.Files[i] > f.Packed {
			return false, fmt.Errorf("%w: it has %d bytes of %d of %s", ErrUntrusted, c.Files[i], f.Packed, f.Name)
		}
		resumed = resumed || c.Files[i] > 0
		if err := s.file(ctx, set, f, c.Files[i]); err != nil {
			return resumed, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, answerWait+time.Duration(set.Bytes()/slowRead)*time.Second)
	defer cancel()
	return resumed, s.Peer.Call(ctx, VerbKeep, Keep{set.Title(), set.Sum}, &struct{}{})
}

// offer waits while the twin is busy with a session that was cut.
func (s Sender) offer(ctx context.Context, o Offer, c *backup.Come) error {
	for until := time.Now().Add(busyWait); ; {
		err := s.ask(ctx, VerbOffer, o, c)
		if code(err) != codeBusy || time.Now().After(until) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(busyPause):
		}
	}
}

func (s Sender) ask(ctx context.Context, verb string, args, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	return s.Peer.Call(ctx, verb, args, answer)
}

// file sends what is missing of a file, piece by piece.
func (s Sender) file(ctx context.Context, set backup.Set, f backup.File, from int64) error {
	if from == f.Packed {
		return nil
	}
	in, err := s.From.At.Open(ctx, set.Title(), f.Stored())
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	if _, err := io.CopyN(io.Discard, in, from); err != nil {
		return fmt.Errorf("%w: %s: %w", backup.ErrDamaged, f.Name, err)
	}
	buf := make([]byte, min(piece, f.Packed-from))
	for at := from; at < f.Packed; {
		part := buf[:min(int64(len(buf)), f.Packed-at)]
		if _, err := io.ReadFull(in, part); err != nil {
			return fmt.Errorf("%w: %s: %w", backup.ErrDamaged, f.Name, err)
		}
		p := backup.Place{Set: set.Title(), File: f.Stored(), At: at, Size: int64(len(part))}
		if err := s.put(ctx, p, part); err != nil {
			return err
		}
		at += p.Size
	}
	return nil
}

func (s Sender) put(ctx context.Context, p backup.Place, part []byte) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait+time.Duration(p.Size/slowest)*time.Second)
	defer cancel()
	return s.Peer.Put(ctx, pathOf(p), bytes.NewReader(part), p.Size)
}

// mostListed is how many backups the twin is believed to have.
const mostListed = 100_000

// List returns which of this server's backups the twin has, in the order of
// their names.
func (s Sender) List(ctx context.Context) ([]backup.Kept, error) {
	var all []backup.Kept
	for q := (ListQuestion{}); ; {
		var a ListAnswer
		if err := s.ask(ctx, VerbList, q, &a); err != nil {
			return nil, fmt.Errorf("list the backups on the twin: %w", err)
		}
		for _, k := range a.Sets {
			if _, err := backup.ParseName(k.Name); err != nil || k.Name <= q.After || k.Bytes < 0 || len(k.Sum) > mostSum || strings.Trim(k.Sum, "0123456789abcdef") != "" {
				return nil, ErrUntrusted
			}
			q.After = k.Name
		}
		if all = append(all, a.Sets...); !a.More {
			return all, nil
		}
		if len(a.Sets) == 0 || len(all) > mostListed {
			return nil, fmt.Errorf("%w: its list does not end", ErrUntrusted)
		}
	}
}

// Missing returns those of a chain that the twin has not, in order.
func Missing(chain []backup.Set, there []backup.Kept) (missing []backup.Set) {
	for _, set := range chain {
		if !slices.ContainsFunc(there, func(k backup.Kept) bool { return k.Name == set.Title() && k.Sum == set.Sum }) {
			missing = append(missing, set)
		}
	}
	return missing
}
