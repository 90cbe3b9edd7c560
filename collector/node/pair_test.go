package node

import (
	"errors"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// twin is a pairing with a server of that id.
func twin(server string) Pairing {
	return Pairing{
		Pair:  Pair{Pair: "p", Server: server, Name: "cms-b", Address: "twin@b:22", PublicKey: "ssh-ed25519 AAA", HostKey: "ssh-ed25519 BBB"},
		Epoch: 3, Seen: 4,
		Act: Act{Actor: "ann", Verb: "pair.accept", Target: "cms-b"},
	}
}

func paired(t *testing.T, n *DB, p Pairing) {
	t.Helper()
	if err := n.SetPair(t.Context(), func(Self, *Pair) (Pairing, error) { return p, nil }); err != nil {
		t.Fatal(err)
	}
}

func initialized(t *testing.T) *DB {
	t.Helper()
	n := open(t)
	if err := n.Init(t.Context(), "cms-a", Primary); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPairIsWrittenWithEpochsAndAudit(t *testing.T) {
	n := initialized(t)
	if p, err := n.Pair(t.Context()); p != nil || err != nil {
		t.Fatalf("alone: %+v, %v", p, err)
	}
	before := record.At(time.Now())
	want := twin("b")
	err := n.SetPair(t.Context(), func(self Self, have *Pair) (Pairing, error) {
		if self.Name != "cms-a" || have != nil {
			t.Errorf("decided on %+v, %+v", self, have)
		}
		return want, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.Pair(t.Context())
	if err != nil || got == nil || got.Accepted < before || got.Actor != "ann" {
		t.Fatalf("%+v, %v", got, err)
	}
	want.Pair.Accepted, want.Pair.Actor = got.Accepted, "ann"
	if diff := cmp.Diff(want.Pair, *got); diff != "" {
		t.Error(diff)
	}
	self, err := n.Self(t.Context())
	if err != nil || self.Epoch != 3 || self.EpochSeen != 4 {
		t.Errorf("self %+v, %v", self, err)
	}
	acts, err := n.Audited(t.Context(), 0, 10)
	if err != nil || len(acts) != 1 || acts[0].Verb != "pair.accept" || acts[0].Target != "cms-b" {
		t.Errorf("audit %+v, %v", acts, err)
	}
}

func TestARefusedPairLeavesNothing(t *testing.T) {
	n := initialized(t)
	refused := errors.New("no")
	if err := n.SetPair(t.Context(), func(Self, *Pair) (Pairing, error) { return twin("b"), refused }); !errors.Is(err, refused) {
		t.Errorf("SetPair: %v", err)
	}
	if p, err := n.Pair(t.Context()); p != nil || err != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if head, err := n.AuditHead(t.Context()); head.ID != 0 || err != nil {
		t.Errorf("audit %+v, %v", head, err)
	}
	unborn := open(t)
	if err := unborn.SetPair(t.Context(), func(Self, *Pair) (Pairing, error) { return twin("b"), nil }); !errors.Is(err, ErrNotInitialized) {
		t.Errorf("SetPair before init: %v", err)
	}
}

func TestRemovePairLeavesAServerAlone(t *testing.T) {
	n := initialized(t)
	remove := Act{Actor: "bob", Verb: "pair.remove", Target: "cms-b"}
	if had, err := n.RemovePair(t.Context(), remove); had != nil || err != nil {
		t.Fatalf("alone: %+v, %v", had, err)
	}
	paired(t, n, twin("b"))
	if err := n.SetHeard(t.Context(), In, Heard{Doc: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	had, err := n.RemovePair(t.Context(), remove)
	if err != nil || had == nil || had.Server != "b" {
		t.Fatalf("%+v, %v", had, err)
	}
	if p, err := n.Pair(t.Context()); p != nil || err != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if h, err := n.Heard(t.Context(), In); h != nil || err != nil {
		t.Errorf("still knows what it said: %+v, %v", h, err)
	}
	if got := count(t, n, `SELECT count(*) FROM audit WHERE verb = 'pair.remove' AND actor = 'bob'`); got != 1 {
		t.Errorf("%d in the audit", got)
	}
	if self, err := n.Self(t.Context()); err != nil || self.EpochSeen != 4 {
		t.Errorf("forgot the epochs: %+v, %v", self, err)
	}
}

func TestHeardIsWhatWasToldLast(t *testing.T) {
	n := initialized(t)
	said := Heard{Ahead: -3 * time.Millisecond, Doc: []byte(`{"name":"cms-b"}`), Head: Head{ID: 7, Hash: Hash{1}}}
	if err := n.SetHeard(t.Context(), Out, said); err != nil {
		t.Fatal(err)
	}
	if h, err := n.Heard(t.Context(), Out); h != nil || err != nil {
		t.Errorf("heard %+v of nobody, %v", h, err)
	}
	paired(t, n, twin("b"))
	before := record.At(time.Now())
	for _, doc := range []string{`{}`, string(said.Doc)} {
		said.Doc = []byte(doc)
		if err := n.SetHeard(t.Context(), Out, said); err != nil {
			t.Fatal(err)
		}
	}
	got, err := n.Heard(t.Context(), Out)
	if err != nil || got == nil || got.At < before {
		t.Fatalf("%+v, %v", got, err)
	}
	said.At = got.At
	if diff := cmp.Diff(said, *got); diff != "" {
		t.Error(diff)
	}
	if h, err := n.Heard(t.Context(), In); h != nil || err != nil {
		t.Errorf("the other way %+v, %v", h, err)
	}

	paired(t, n, twin("b")) // the same again, as with another key
	if h, err := n.Heard(t.Context(), Out); h == nil || err != nil {
		t.Errorf("forgot the same server: %+v, %v", h, err)
	}
	paired(t, n, twin("c"))
	if h, err := n.Heard(t.Context(), Out); h != nil || err != nil {
		t.Errorf("of another server %+v, %v", h, err)
	}
}

func TestSeenOnlyEverRises(t *testing.T) {
	n := initialized(t) // epoch 1
	for _, c := range []struct {
		epoch  int64
		raised bool
		want   int64
	}{{0, false, 1}, {1, false, 1}, {4, true, 4}, {3, false, 4}, {4, false, 4}, {1004, true, 1004}} {
		raised, err := n.Seen(t.Context(), c.epoch)
		self, selfErr := n.Self(t.Context())
		if err != nil || selfErr != nil || raised != c.raised || self.EpochSeen != c.want || self.Epoch != 1 {
			t.Errorf("after %d: raised %v, %+v, %v, %v", c.epoch, raised, self, err, selfErr)
		}
	}
	for _, bad := range []int64{-1, 2005, MaxTold, MaxEpoch, MaxEpoch + 1} {
		if _, err := n.Seen(t.Context(), bad); !errors.Is(err, ErrEpoch) {
			t.Errorf("epoch %d was taken: %v", bad, err)
		}
	}
}

// Even next to the highest that may be told there is room for one's own.
func TestEpochsNeverReachTheLast(t *testing.T) {
	for _, self := range []Self{{EpochSeen: MaxTold - 1}, {EpochSeen: MaxTold}} {
		if err := self.CheckEpoch(MaxTold + 1); !errors.Is(err, ErrEpoch) {
			t.Errorf("after %d: %v", self.EpochSeen, err)
		}
	}
	n := initialized(t)
	p := twin("b")
	p.Seen = MaxTold + 1
	if err := n.SetPair(t.Context(), func(Self, *Pair) (Pairing, error) { return p, nil }); !errors.Is(err, ErrEpoch) {
		t.Errorf("written down: %v", err)
	}
}

func TestAPrimaryIsSupersededByAHigherEpoch(t *testing.T) {
	for _, c := range []struct {
		self Self
		want bool
	}{
		{Self{Role: Primary, Epoch: 3, EpochSeen: 3}, false},
		{Self{Role: Primary, Epoch: 3, EpochSeen: 4}, true},
		{Self{Role: Secondary, Epoch: 2, EpochSeen: 3}, false},
	} {
		if got := c.self.Superseded(); got != c.want {
			t.Errorf("%+v: %t", c.self, got)
		}
	}
}

func TestNextEpochIsOnesOwn(t *testing.T) {
	for _, c := range []struct{ own, seen, want int64 }{
		{1, 1, 3}, {1, 2, 3}, {1, 4, 5}, {0, 0, 2}, {0, 1, 2}, {0, 2, 4}, {2, 5, 6},
	} {
		if got := (Self{Epoch: c.own, EpochSeen: c.seen}).NextEpoch(); got != c.want {
			t.Errorf("own %d, seen %d: next %d, want %d", c.own, c.seen, got, c.want)
		}
	}
}

func TestOlderFilesAreBroughtUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	script, err := migrations.ReadFile("migrations/0001_node.sql")
	if err != nil {
		t.Fatal(err)
	}
	first := store.Schema{App: app, Migrations: fstest.MapFS{"migrations/0001_node.sql": {Data: script}}}
	old, err := store.Open(t.Context(), path, first, store.Create)
	if err != nil {
		t.Fatal(err)
	}
	n := &DB{old}
	if err := write(t, n, `INSERT INTO self (id, server, name, role, epoch, epoch_seen, since) VALUES (1, 'S', 'cms-a', 'primary', 1, 1, 7)`); err != nil {
		t.Fatal(err)
	}
	if err := write(t, n, `INSERT INTO request (verb, args, actor, at, expires) VALUES ('feed.pause', '{}', 'ann', 1, 2)`); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}

	if _, err := Open(t.Context(), path, store.Use); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("a verb opened it: %v", err)
	}
	if n, err = Open(t.Context(), path, store.Migrate); err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if self, err := n.Self(t.Context()); err != nil || self.Name != "cms-a" || self.OwnsFrom != 7 {
		t.Errorf("self %+v, %v", self, err)
	}
	if got := count(t, n, `SELECT count(*) FROM request WHERE progress = ''`); got != 1 {
		t.Errorf("%d requests", got)
	}
	paired(t, n, twin("b"))
}
