package pairing

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/node"
)

const (
	serverA = "AAAAAAAAAAAAAAAAAAAAAAAAAA"
	serverB = "BBBBBBBBBBBBBBBBBBBBBBBBBB"
	serverC = "CCCCCCCCCCCCCCCCCCCCCCCCCC"
)

// primary and secondary are two servers that init has just made.
func primary() node.Self {
	return node.Self{Server: serverA, Name: "cms-a", Role: node.Primary, Epoch: 1, EpochSeen: 1}
}

func secondary() node.Self {
	return node.Self{Server: serverB, Name: "cms-b", Role: node.Secondary}
}

func roled(s node.Self, role node.Role, epoch, seen int64) node.Self {
	s.Role, s.Epoch, s.EpochSeen = role, epoch, seen
	return s
}

// offer is the line that a server shows.
func offer(s node.Self, twin *node.Pair) Token {
	t := Token{
		Version: tokenVersion, Name: s.Name, Server: s.Server, Role: s.Role, Epoch: s.Epoch, EpochSeen: s.EpochSeen,
		Address: "twin@" + s.Name + ":22", PublicKey: "ssh-ed25519 PUB" + s.Server[:1], HostKey: "ssh-ed25519 HOST" + s.Server[:1],
	}
	if twin != nil {
		t.Pair = twin.Pair
	}
	return t
}

func other(t Token, change func(*Token)) Token {
	change(&t)
	return t
}

func TestDecide(t *testing.T) {
	a, b := primary(), secondary()
	c := node.Self{Server: serverC, Name: "cms-c", Role: node.Secondary}
	again := node.Self{Server: serverC, Name: "cms-b", Role: node.Secondary} // cms-b with a new disk
	paired := func(s node.Self) *node.Pair {
		d, err := Decide(a, nil, offer(s, nil), "")
		if err != nil {
			t.Fatal(err)
		}
		return &d.Pair
	}
	for name, c := range map[string]struct {
		have    *node.Pair
		offer   Token
		replace string
		want    error
	}{
		"the first twin":          {nil, offer(b, nil), "", nil},
		"the same again":          {paired(b), offer(b, paired(b)), "", nil},
		"the same with a new key": {paired(b), other(offer(b, nil), func(t *Token) { t.PublicKey = "ssh-ed25519 NEW" }), "", nil},
		"itself":                  {nil, offer(a, nil), "", ErrItself},
		"a server of that name":   {nil, other(offer(b, nil), func(t *Token) { t.Name = "cms-a" }), "", ErrSameName},
		"two primaries":           {nil, other(offer(b, nil), func(t *Token) { t.Role = node.Primary }), "", ErrSameRole},
		"a twin renamed":          {paired(b), other(offer(b, nil), func(t *Token) { t.Name = "cms-x" }), "", ErrRenamed},
		"another twin":            {paired(b), offer(c, nil), "", ErrPaired},
		"one paired elsewhere":    {nil, other(offer(b, nil), func(t *Token) { t.Pair = serverC }), "", ErrPaired},
		"a new disk":              {paired(b), offer(again, nil), "cms-b", nil},
		"a new disk, unsaid":      {paired(b), offer(again, nil), "", ErrLost},
		"a new disk, again":       {paired(again), offer(again, nil), "cms-b", nil},
		"replace another":         {paired(b), offer(again, nil), "cms-c", ErrPaired},
		"replace by another name": {paired(b), offer(c, nil), "cms-b", ErrPaired},
		"replace a third one":     {paired(b), offer(b, nil), "cms-c", ErrPaired},
		"replace nobody":          {nil, offer(b, nil), "cms-b", ErrNoneToTake},
		"a twin that was primary": {nil, other(offer(b, nil), func(t *Token) { t.Epoch, t.EpochSeen = 2, 2 }), "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Decide(a, c.have, c.offer, c.replace)
			var refusal *Refusal
			if !errors.Is(err, c.want) || c.want != nil && !errors.As(err, &refusal) {
				t.Fatalf("Decide: %v, want %v", err, c.want)
			}
			if err == nil && (d.Pair.Pair != ID(serverA, c.offer.Server) || d.Pair.PublicKey != c.offer.PublicKey) {
				t.Errorf("decided %+v", d)
			}
		})
	}
	for _, s := range []node.Self{b, c} {
		if _, err := Decide(b, nil, offer(s, nil), ""); err == nil {
			t.Errorf("%s accepted by a secondary", s.Name)
		}
	}
}

func TestTheSameAgainChangesNothing(t *testing.T) {
	a, b := primary(), secondary()
	d, err := Decide(a, nil, offer(b, nil), "")
	if err != nil || !d.Changes(a) {
		t.Fatalf("the first time: %+v, %v", d, err)
	}
	have := d.Pair
	have.Accepted, have.Actor = 7, "ann"
	a.Epoch, a.EpochSeen = d.Epoch, d.Seen
	if d, err = Decide(a, &have, offer(b, &have), ""); err != nil || d.Changes(a) {
		t.Errorf("again: %+v, %v", d, err)
	}
	moved := other(offer(b, &have), func(t *Token) { t.Address = "twin@elsewhere:22" })
	if d, err = Decide(a, &have, moved, ""); err != nil || !d.Changes(a) {
		t.Errorf("moved: %+v, %v", d, err)
	}
}

func TestEpochsThatDoNotGoTogether(t *testing.T) {
	for name, c := range map[string]struct {
		self  node.Self
		have  *node.Pair
		offer node.Self
		want  [2]int64 // epoch and seen; zeros: refused
	}{
		"both as init made them": {
			primary(), nil, secondary(), [2]int64{1, 1},
		},
		"a new primary whose twin has seen more takes the next": {
			primary(), nil, roled(secondary(), node.Secondary, 2, 4), [2]int64{5, 5},
		},
		"a twin that has seen what nothing believable can follow": {
			primary(), nil, roled(secondary(), node.Secondary, 2, node.MaxTold), [2]int64{},
		},
		"an old primary whose twin has seen more may be none": {
			roled(primary(), node.Primary, 3, 3), nil, roled(secondary(), node.Secondary, 4, 4), [2]int64{},
		},
		"both have used odd ones": {
			roled(primary(), node.Primary, 5, 5), nil, roled(secondary(), node.Secondary, 3, 4), [2]int64{},
		},
		"a new secondary leaves the even ones to who used them": {
			secondary(), nil, roled(primary(), node.Primary, 4, 4), [2]int64{1, 4},
		},
		"who used the even ones keeps them": {
			roled(primary(), node.Primary, 4, 4), nil, secondary(), [2]int64{4, 4},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Decide(c.self, c.have, offer(c.offer, nil), "")
			if refused := c.want == [2]int64{}; refused != errors.Is(err, ErrEpochs) || !refused && err != nil {
				t.Fatalf("%+v, %v", d, err)
			}
			if err == nil && [2]int64{d.Epoch, d.Seen} != c.want {
				t.Errorf("epoch %d, seen %d; want %v", d.Epoch, d.Seen, c.want)
			}
		})
	}
}

// Whatever two servers went through with their twins before: once each has
// accepted the other, in whichever order, they agree on who is primary, and no
// epoch that either may take is one that was taken.
func TestPairedServersNeverShareAnEpoch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := primary(), secondary()
		used := map[int64]string{1: "A"}
		for range rapid.IntRange(0, 4).Draw(t, "changes of role") {
			taker, leaver := &a, &b
			if a.Role == node.Primary {
				taker, leaver = &b, &a
			}
			taker.Epoch = taker.NextEpoch()
			taker.EpochSeen, leaver.EpochSeen = taker.Epoch, taker.Epoch
			taker.Role, leaver.Role = node.Primary, node.Secondary
			used[taker.Epoch] = taker.Server[:1]
		}
		was := offer(b, nil)
		have := &node.Pair{Pair: ID(a.Server, b.Server), Server: b.Server, Name: b.Name, Address: was.Address}
		unheard := a.Role == node.Secondary && rapid.Bool().Draw(t, "the lost one was primary")
		if !unheard && b.Role == node.Secondary && rapid.Bool().Draw(t, "it promoted itself unheard") {
			used[b.NextEpoch()] = "B"
		}
		fresh := node.Self{Server: serverC, Name: b.Name, Role: node.Secondary}
		if a.Role == node.Secondary {
			fresh = node.Self{Server: serverC, Name: b.Name, Role: node.Primary, Epoch: 1, EpochSeen: 1}
		}
		a, have = accepted(t, a, have, offer(fresh, nil), b.Name)
		fresh, freshHave := accepted(t, fresh, nil, offer(a, have), "")
		if rapid.Bool().Draw(t, "once more") {
			a, have = accepted(t, a, have, offer(fresh, freshHave), "")
			fresh, _ = accepted(t, fresh, freshHave, offer(a, have), "")
		}
		if a.Epoch%2 == fresh.Epoch%2 {
			t.Fatalf("both take the same: %+v, %+v", a, fresh)
		}
		for _, s := range []node.Self{a, fresh} {
			if s.Role == node.Primary && s.EpochSeen != s.Epoch {
				t.Fatalf("the primary is not by the highest: %+v", s)
			}
			if who, taken := used[s.NextEpoch()]; taken {
				t.Fatalf("%s would take epoch %d, which %s has had", s.Name, s.NextEpoch(), who)
			}
		}
		if want := max(a.Epoch, fresh.Epoch); a.Role == node.Primary && a.Epoch != want || fresh.Role == node.Primary && fresh.Epoch != want {
			t.Fatalf("the secondary has the higher: %+v, %+v", a, fresh)
		}
	})
}

// accepted is a server after it has accepted a line.
func accepted(t *rapid.T, self node.Self, have *node.Pair, line Token, replace string) (node.Self, *node.Pair) {
	t.Helper()
	d, err := Decide(self, have, line, replace)
	if err != nil {
		t.Fatalf("%s does not accept: %v", self.Name, fmt.Errorf("%+v: %w", line, err))
	}
	self.Epoch, self.EpochSeen = d.Epoch, d.Seen
	return self, &d.Pair
}
