package fill

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A Healer is a history in which damage was found.
type Healer interface {
	Heal(ctx context.Context, feed string, row history.Row) error
	Recount(ctx context.Context, feed string, span record.Span) error
}

// Mend takes again from the twin what history.Verify found damaged here, and
// counts anew the buckets that did not fit their records. It returns how many
// records were healed; those that the twin has not, or that rot there too, stay
// as they are. A Fill behind it brings what turned out to be missing.
func Mend(ctx context.Context, into Healer, from Side, feed string, found history.Verdict) (healed int, err error) {
	for _, k := range found.Damaged {
		row, err := fetch(ctx, from, feed, k)
		if err != nil {
			return healed, fmt.Errorf("mend feed %q: %w", feed, err)
		}
		if row == nil {
			continue
		}
		if err := into.Heal(ctx, feed, *row); err != nil {
			return healed, fmt.Errorf("mend feed %q: %w", feed, err)
		}
		healed++
	}
	for _, s := range found.Buckets {
		if err := into.Recount(ctx, feed, s); err != nil {
			return healed, fmt.Errorf("mend feed %q: %w", feed, err)
		}
	}
	return healed, nil
}

// fetch returns the record with that key, or nil if the twin cannot give it.
func fetch(ctx context.Context, from Side, feed string, k record.Key) (*history.Row, error) {
	after := before(k)
	within := record.Span{From: k.At, To: k.At + 1}
	p, err := from.Records(ctx, feed, within, &after, pageBytes)
	if err != nil {
		return nil, err
	}
	if err := checkPage(p, within, &after); err != nil {
		return nil, err
	}
	if len(p.Rows) == 0 || p.Rows[0].Key != k {
		return nil, nil //nolint:nilnil // nil says that it has none
	}
	return &p.Rows[0], nil
}

// before returns the greatest key that is less than k.
func before(k record.Key) record.Key {
	if k.N > 0 {
		k.N--
		return k
	}
	k.N--
	for i := len(k.Digest) - 1; i >= 0; i-- {
		k.Digest[i]--
		if k.Digest[i] != 0xff {
			return k
		}
	}
	k.At--
	return k
}
