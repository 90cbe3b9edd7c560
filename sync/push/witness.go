package push

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/bundle"
)

// A Rewritten is returned where the twin's audit of administration data has not
// got in it any more what it had at the last sync: it was rewritten, put back
// from an older copy, or begun anew, and which of these a person has to say. It
// is ErrUntrusted.
type Rewritten struct {
	Twin string     // its name; foreign
	Was  audit.Head // at the last sync, as this server wrote it down
	Is   audit.Head // as it told now; of id 0: there is no act in it
}

// Error names both heads.
func (r *Rewritten) Error() string {
	return fmt.Sprintf("the audit of administration data on %s was rewritten: at the last sync its head was %s, which is not in it any more, and it is %s now",
		inert.Text(r.Twin), r.Was, r.Is)
}

// Unwrap returns what it means.
func (r *Rewritten) Unwrap() error { return ErrUntrusted }

// witness holds the twin's audit against what is known of it: *Rewritten. It
// asks only where the head is another; a shorter one cannot have the old one in
// it, whatever the twin says.
func (p *Pusher) witness(ctx context.Context, theirs bundle.Hello) error {
	known, err := p.Teller.TwinHead(ctx, p.Who.Pair)
	is := theirs.Position.Head
	if err != nil || known.ID == 0 || is == known {
		return err
	}
	var a bundle.AuditAnswer
	if is.ID > known.ID {
		if err := (remote{p.Peer}).ask(ctx, bundle.VerbAudit, bundle.AuditQuestion{Head: known}, &a); err != nil {
			return err
		}
	}
	if !a.Held {
		return &Rewritten{Twin: theirs.Name, Was: known, Is: is}
	}
	return nil
}
