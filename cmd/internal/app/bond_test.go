package app

import (
	"testing"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
)

// TestARoleThatWasTaken holds that a twin which told of the role before it was taken
// from it is in no conflict, and one that tells it afterwards is.
func TestARoleThatWasTaken(t *testing.T) {
	self := node.Self{Role: node.Primary, Since: 10}
	for name, c := range map[string]struct {
		role node.Role
		at   record.Instant
		want bool
	}{
		"before":    {node.Primary, 9, true},
		"after":     {node.Primary, 10, false},
		"secondary": {node.Secondary, 9, false},
	} {
		if got := overtaken(self, &node.Heard{At: c.at}, &exchange.Word{Doc: node.Document{Role: c.role}}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestWhatTheTwinToldLast holds that a twin which asked after it had answered is
// believed as it asked: it may have given its role away in between.
func TestWhatTheTwinToldLast(t *testing.T) {
	word := func(role node.Role) *exchange.Word { return &exchange.Word{Doc: node.Document{Role: role}} }
	for name, c := range map[string]struct {
		is   partner
		at   int64
		role node.Role
	}{
		"it answered alone":   {partner{answered: &node.Heard{At: 1}, word: word(node.Primary)}, 1, node.Primary},
		"it asked alone":      {partner{asked: &node.Heard{At: 2}, saidWhenAsking: word(node.Secondary)}, 2, node.Secondary},
		"it asked later":      {partner{answered: &node.Heard{At: 1}, word: word(node.Primary), asked: &node.Heard{At: 2}, saidWhenAsking: word(node.Secondary)}, 2, node.Secondary},
		"it answered later":   {partner{answered: &node.Heard{At: 3}, word: word(node.Primary), asked: &node.Heard{At: 2}, saidWhenAsking: word(node.Secondary)}, 3, node.Primary},
		"it told nothing yet": {},
	} {
		h, w := c.is.last()
		switch {
		case h == nil || w == nil:
			if h != nil || w != nil || c.at != 0 {
				t.Errorf("%s: %v %v", name, h, w)
			}
		case int64(h.At) != c.at || w.Doc.Role != c.role:
			t.Errorf("%s: %v at %d", name, w.Doc.Role, h.At)
		}
	}
}
