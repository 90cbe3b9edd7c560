package app

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/exchange"
)

func TestVoice(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ok := func(role node.Role) exchange.Standing {
		return exchange.Standing{State: exchange.OK, Word: &exchange.Word{Doc: node.Document{Role: role}}}
	}
	lost := func(ago time.Duration) exchange.Standing {
		return exchange.Standing{State: exchange.Frozen, Since: now.Add(-ago)}
	}
	primary := node.Self{Role: node.Primary, Epoch: 3, EpochSeen: 3}
	superseded := node.Self{Role: node.Primary, Epoch: 3, EpochSeen: 4}
	secondary := node.Self{Role: node.Secondary, EpochSeen: 3}
	const fresh, old = time.Second, 20 * time.Second
	for name, c := range map[string]struct {
		self node.Self
		twin exchange.Standing
		age  time.Duration
		told bool
		want voice
	}{
		"alone":                             {primary, exchange.Standing{}, fresh, false, ours},
		"primary":                           {primary, ok(node.Secondary), fresh, false, ours},
		"primary whose twin is lost":        {primary, lost(time.Hour), fresh, false, ours},
		"primary that has just come":        {primary, exchange.Standing{State: exchange.Unknown}, fresh, false, later},
		"and cannot ask":                    {primary, exchange.Standing{State: exchange.Unknown}, old, false, ours},
		"primary, the twin told instead":    {primary, ok(node.Secondary), fresh, true, theirs},
		"superseded, the other is there":    {superseded, ok(node.Primary), old, false, theirs},
		"superseded, the other is lost":     {superseded, lost(time.Hour), fresh, false, instead},
		"secondary, at once":                {secondary, ok(node.Primary), fresh, false, later},
		"secondary, clock set back":         {secondary, ok(node.Primary), -fresh, false, later},
		"secondary, the primary has told":   {secondary, ok(node.Primary), old, false, theirs},
		"secondary, just lost":              {secondary, lost(9 * time.Second), old, false, later},
		"secondary, lost":                   {secondary, lost(10 * time.Second), old, false, instead},
		"secondary, not asked yet":          {secondary, exchange.Standing{State: exchange.Unknown}, fresh, false, later},
		"secondary that never could ask":    {secondary, exchange.Standing{State: exchange.Unknown}, old, false, instead},
		"secondary alone":                   {secondary, exchange.Standing{}, fresh, false, instead},
		"two secondaries":                   {secondary, ok(node.Secondary), fresh, false, instead},
		"secondary, and the twin told, too": {secondary, ok(node.Primary), old, true, theirs},
		"secondary, lost, which had told":   {secondary, lost(time.Minute), fresh, true, theirs},
		"secondary, lost, crossed just now": {secondary, lost(time.Minute), fresh, false, instead},
	} {
		if got := newStance(c.self, c.twin).voice(now, now.Add(-c.age), c.told); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if newStance(secondary, ok(node.Primary)).alone(now) || !newStance(secondary, lost(time.Minute)).alone(now) || newStance(primary, lost(time.Minute)).alone(now) {
		t.Error("who is alone?")
	}
}
