package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

// twin says whom this server's twind asks: the pair that was accepted, as
// twin.toml says that it is reached.
func (s *server) twin(ctx context.Context) (*exchange.Twin, error) {
	have, err := s.data.Node.Pair(ctx)
	if err != nil || have == nil {
		return nil, err
	}
	return &exchange.Twin{Target: Target(s.config(), *have), Server: have.Server, Pair: have.Pair}, nil
}

// dialWithin keeps a twin that accepts and says nothing from being told of late:
// it is dialled every five seconds, and within ten shows what is the matter.
const dialWithin = 4 * time.Second

func dialTwin(ctx context.Context, t link.Target) (exchange.Link, error) {
	c, err := link.Dial(ctx, t, link.Options{Login: dialWithin})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// bond gathers what alarms of the pair are raised for: doc is what this server
// is doing now. The rest of our word is as the twin was told it last, which was
// within the exchange's five seconds.
func (s *server) bond(doc node.Document, differs map[string]int64) bond {
	b := bond{standing: s.watcher.Standing(), differs: differs}
	if doc.Twin == nil || !b.standing.Paired() {
		return b
	}
	b.name = doc.Twin.Name
	if doc.Twin.AskedAt != nil {
		b.asked = *doc.Twin.AskedAt
	}
	s.mu.Lock()
	b.ours = s.said
	s.mu.Unlock()
	b.ours.Doc = doc
	return b
}

// Paired returns whom this server was paired with: pairing.ErrAlone if with nobody.
func Paired(ctx context.Context, n *node.DB) (*node.Pair, error) {
	have, err := n.Pair(ctx)
	if err == nil && have == nil {
		err = pairing.ErrAlone
	}
	return have, err
}

// A partner is the twin as this server's files know it.
type partner struct {
	pair           *node.Pair     // nil while this server is alone
	answered       *node.Heard    // nil if it never did
	word           *exchange.Word // that answer
	asked          *node.Heard    // when it asked us last; nil if it never did
	saidWhenAsking *exchange.Word
}

func readPartner(ctx context.Context, n *node.DB) (p partner, err error) {
	if p.pair, err = n.Pair(ctx); err != nil || p.pair == nil {
		return p, err
	}
	if p.answered, p.word, err = lastWord(ctx, n, node.Out); err != nil {
		return p, err
	}
	p.asked, p.saidWhenAsking, err = lastWord(ctx, n, node.In)
	return p, err
}

// last returns what the twin told last, whether it answered or asked: who has moved
// the role says so by asking at once. nil: it never told anything.
func (p partner) last() (*node.Heard, *exchange.Word) {
	if newest(p.answered, p.asked) == p.answered {
		return p.answered, p.word
	}
	return p.asked, p.saidWhenAsking
}

// newest returns what was heard last, nil if nothing ever was.
func newest(answered, asked *node.Heard) *node.Heard {
	if answered == nil || asked != nil && asked.At > answered.At {
		return asked
	}
	return answered
}

// describeTwin makes the document of what is known of the twin: is is what
// twind knows of it now, the zero Standing where no twind runs.
func describeTwin(cfg *config.Config, p partner, is exchange.Standing) *node.TwinDocument {
	if p.pair == nil {
		if cfg.Twin.Name == "" {
			return nil // this server runs alone
		}
		return &node.TwinDocument{Name: cfg.Twin.Name, State: string(exchange.Unknown), Error: "not paired yet: twinctl pair accept"}
	}
	d := &node.TwinDocument{Name: p.pair.Name, State: string(exchange.Unknown)}
	if is.Paired() {
		d.State = string(is.State)
	}
	if is.Err != nil {
		d.Error = is.Err.Error()
	}
	if p.asked != nil {
		d.AskedAt = momentOf(p.asked.At)
	}
	if p.answered != nil {
		d.SeenAt = momentOf(p.answered.At)
		ahead := p.answered.Ahead.Milliseconds()
		d.AheadMS = &ahead
	}
	if _, word := p.last(); word != nil {
		d.Role, d.Epoch, d.Maintenance = &word.Doc.Role, &word.Doc.Epoch, word.Doc.Maintenance
		d.People = word.Doc.People
		if word.Doc.Store != "" {
			d.Store = &word.Doc.Store
		}
	}
	return d
}

func momentOf(at record.Instant) *time.Time {
	t := wholeSecond(at.Time())
	return &t
}

// lastWord returns what the twin told last in one direction, nil if nothing.
func lastWord(ctx context.Context, n *node.DB, way node.Direction) (*node.Heard, *exchange.Word, error) {
	h, err := n.Heard(ctx, way)
	if err != nil || h == nil {
		return nil, nil, err
	}
	w, err := wordOf(h)
	return h, w, err
}

func wordOf(h *node.Heard) (*exchange.Word, error) {
	var w exchange.Word
	if err := json.Unmarshal(h.Doc, &w); err != nil {
		return nil, fmt.Errorf("what the twin told: %w", err)
	}
	return &w, nil
}

// TwinStatus returns what the twin said of itself last, and when; nil if it
// never did. Of its two words it reads the later alone: screens ask each second.
func TwinStatus(ctx context.Context, data *Data) (*node.Document, time.Time, error) {
	pair, err := data.Node.Pair(ctx)
	if err != nil || pair == nil {
		return nil, time.Time{}, err
	}
	answered, err := data.Node.Heard(ctx, node.Out)
	if err != nil {
		return nil, time.Time{}, err
	}
	asked, err := data.Node.Heard(ctx, node.In)
	if err != nil {
		return nil, time.Time{}, err
	}
	h := newest(answered, asked)
	if h == nil {
		return nil, time.Time{}, nil
	}
	w, err := wordOf(h)
	if err != nil {
		return nil, time.Time{}, err
	}
	return &w.Doc, h.At.Time(), nil
}
