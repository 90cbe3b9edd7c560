package fill

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/record"
)

// keysPerCall is how many keys are asked for at a time: three quarters of a
// megabyte on the wire.
const keysPerCall = 20_000

// keys are the keys of a span on one side, read as they are needed.
type keys struct {
	side Side
	feed string
	rest record.Span // not asked for yet
	page []record.Key
	// crowd is set while the keys of the first instant of rest are read with
	// their records, because there are more of them than one answer holds.
	crowd bool
	after *record.Key // in a crowd: the last one
}

// peek returns the next key; nil behind the last one.
func (k *keys) peek(ctx context.Context) (*record.Key, error) {
	for len(k.page) == 0 && !k.rest.Empty() {
		fetch := k.fetch
		if k.crowd {
			fetch = k.fetchCrowd
		}
		if err := fetch(ctx); err != nil {
			return nil, err
		}
	}
	if len(k.page) == 0 {
		return nil, nil //nolint:nilnil // nil is the end
	}
	return &k.page[0], nil
}

// skip goes on behind what peek returned.
func (k *keys) skip() { k.page = k.page[1:] }

// fetch asks for keys. Of a full answer the last instant is left for the next
// one: only a part of it may have come.
func (k *keys) fetch(ctx context.Context) error {
	page, err := k.side.Keys(ctx, k.feed, k.rest, keysPerCall)
	if err != nil {
		return err
	}
	if err := checkKeys(page, k.rest); err != nil {
		return err
	}
	if len(page) < keysPerCall {
		k.page, k.rest = page, record.Span{}
		return nil
	}
	last := page[len(page)-1].At
	for len(page) > 0 && page[len(page)-1].At == last {
		page = page[:len(page)-1]
	}
	k.page, k.rest.From, k.crowd = page, last, len(page) == 0
	return nil
}

// fetchCrowd reads the records of one instant for their keys.
func (k *keys) fetchCrowd(ctx context.Context) error {
	at := record.Span{From: k.rest.From, To: k.rest.From + 1}
	p, err := k.side.Records(ctx, k.feed, at, k.after, pageBytes)
	if err != nil {
		return err
	}
	if p.empty() {
		k.rest.From, k.crowd, k.after = at.To, false, nil
		return nil
	}
	if err := checkOrder(p, at, k.after); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	k.page = p.keys()
	last := p.last()
	k.after = &last
	return nil
}

func checkKeys(page []record.Key, within record.Span) error {
	if len(page) > keysPerCall {
		return fmt.Errorf("%w: %d keys, asked for %d", ErrUntrusted, len(page), keysPerCall)
	}
	if err := checkOrder(Page{Damaged: page}, within, nil); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return nil
}

// keys returns all keys of the page, in order.
func (p Page) keys() []record.Key {
	all := make([]record.Key, 0, len(p.Rows)+len(p.Damaged))
	damaged := p.Damaged
	for _, r := range p.Rows {
		for len(damaged) > 0 && damaged[0].Compare(r.Key) < 0 {
			all, damaged = append(all, damaged[0]), damaged[1:]
		}
		all = append(all, r.Key)
	}
	return append(all, damaged...)
}
