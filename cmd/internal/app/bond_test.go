package app

import (
	"testing"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/exchange"
)

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
