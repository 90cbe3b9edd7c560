package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/sync/push"
)

// adminOf opens a server's administration data once more, as twinctl does
// beside twind.
func adminOf(t *testing.T, n Notary) *admin.DB {
	t.Helper()
	db, err := openAdmin(t.Context(), n.Config.Data, n.Node, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func pusherOf(t *testing.T, n Notary, db *admin.DB) *push.Pusher {
	t.Helper()
	l := dial(t, n)
	who, err := n.hello(t.Context(), l.Pair)
	if err != nil {
		t.Fatal(err)
	}
	book := push.Book{DB: db}
	return &push.Pusher{
		Peer: l, Reader: book, Sender: book, Editor: book, Teller: book, Who: who, Twin: l.Pair.Server, Now: time.Now,
		Options: push.Options{By: admin.Author{Actor: "ann", From: "local", Verb: "sync"}},
	}
}

func yes(context.Context, *push.Plan) (bool, error) { return true, nil }

func setQueues(t *testing.T, db *admin.DB, n int, onSecondary bool) {
	t.Helper()
	edits := make([]admin.Edit, n)
	for i := range edits {
		edits[i] = admin.Edit{Kind: "queue", Key: fmt.Sprint(i), Body: admin.Body{"name": fmt.Sprintf("%016x%016x%016x", rand.Uint64(), rand.Uint64(), rand.Uint64())}}
	}
	by := admin.Author{Actor: "ann", From: "local", Verb: "admin.set", OnSecondary: onSecondary}
	if _, err := db.Change(t.Context(), by, edits, admin.How{}); err != nil {
		t.Fatal(err)
	}
}

// A sync goes over real SSH, small within the verb, large as a file.
func TestTwinsSync(t *testing.T) {
	a, b := twins(t)
	ours, theirs := adminOf(t, a), adminOf(t, b)
	for _, n := range []int{1, 9000} {
		setQueues(t, ours, n, false)
		_, r, err := pusherOf(t, a, ours).Run(t.Context(), yes)
		if err != nil {
			t.Fatalf("%d rows: %v", n, err)
		}
		if large := r.Bytes > bundle.Inline; large != (n > 1) {
			t.Errorf("%d rows in %d bytes", n, r.Bytes)
		}
		have, err := ours.Position(t.Context())
		got, also := theirs.Position(t.Context())
		if err := errors.Join(err, also); err != nil || got.Root != have.Root || got.BaseRoot != have.Root {
			t.Errorf("%d rows: %+v and %+v, %v", n, have, got, err)
		}
	}
	for _, left := range []string{"spool/*", "snapshots/*.new"} {
		if found, err := filepath.Glob(filepath.Join(b.Config.Data, left)); err != nil || len(found) > 0 {
			t.Errorf("left over: %q, %v", found, err)
		}
	}
	setQueues(t, theirs, 1, true)
	if _, _, err := pusherOf(t, a, ours).Run(t.Context(), yes); !errors.Is(err, push.ErrDrift) {
		t.Errorf("edited there: %v", err)
	}
	// The other way it is refused by whichever is asked.
	if _, _, err := pusherOf(t, b, theirs).Run(t.Context(), yes); cli.Verdict(err) != cli.Refused {
		t.Errorf("from the secondary: %v", err)
	}
}

// What the secondary refuses comes back with the exit status that it leads to.
func TestRefusalsOfASyncHaveTheirStatus(t *testing.T) {
	a, b := twins(t)
	ours, theirs := adminOf(t, a), adminOf(t, b)
	setQueues(t, ours, 1, false)
	l, refused := dial(t, a), errors.New("not sent")
	p := pusherOf(t, a, ours)
	held := &withheld{Line: l, err: refused}
	p.Peer = held
	if _, _, err := p.Run(t.Context(), yes); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	apply := func(change func(*bundle.Bundle)) error {
		t.Helper()
		again, err := bundle.Read(held.q.Name, held.q.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		change(again)
		text, err := again.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var answer bundle.ApplyAnswer
		return l.Call(t.Context(), bundle.VerbApply, bundle.ApplyQuestion{Name: bundle.DigestOf(text), Bytes: text, From: "local"}, &answer)
	}
	for name, c := range map[string]struct {
		change func(*bundle.Bundle)
		want   cli.Code
	}{
		"another pair":      {func(b *bundle.Bundle) { b.Pair = "x" }, cli.Untrusted},
		"another name":      {func(b *bundle.Bundle) { b.Sender = "x" }, cli.Untrusted},
		"a lower epoch":     {func(b *bundle.Bundle) { b.Epoch-- }, cli.Refused},
		"a newer schema":    {func(b *bundle.Bundle) { b.Catalogue += 2 }, cli.Untrusted},
		"another base":      {func(b *bundle.Bundle) { b.BaseRoot = admin.Root{1} }, cli.Conflict},
		"another drift":     {func(b *bundle.Bundle) { b.Drift = admin.Root{1} }, cli.Conflict},
		"another row there": {func(b *bundle.Bundle) { b.Ops[0].Old = admin.Hash{1} }, cli.Conflict},
		"a row of no kind":  {func(b *bundle.Bundle) { b.Ops[0].Kind, b.Kinds[0] = "x", "x" }, cli.Refused},
		"a false promise":   {func(b *bundle.Bundle) { b.TargetRoot = admin.Root{1} }, cli.Untrusted},
	} {
		if err := apply(c.change); cli.Verdict(err) != c.want {
			t.Errorf("%s: status %d (%v), want %d", name, cli.Verdict(err), err, c.want)
		}
	}
	if at, err := theirs.Position(t.Context()); err != nil || at.Generation != 0 || at.Rows != 0 {
		t.Errorf("something was changed: %+v, %v", at, err)
	}
	if err := apply(func(*bundle.Bundle) {}); err != nil {
		t.Errorf("as it was made: %v", err)
	}
	for path, want := range map[string]cli.Code{
		"bundles/x": cli.Untrusted, bundle.Extent{Size: 1}.Path(): cli.Failed, "records/x": cli.Failed, "../x": cli.Failed,
	} {
		if err := l.Put(t.Context(), path, bytes.NewReader([]byte{1}), 1); cli.Verdict(err) != want {
			t.Errorf("put %s: status %d (%v), want %d", path, cli.Verdict(err), err, want)
		}
	}
	if _, err := b.Node.Seen(t.Context(), 8); err != nil {
		t.Fatal(err)
	}
	if _, err := pusherOf(t, a, ours).Plan(t.Context()); cli.Verdict(err) != cli.Refused {
		t.Errorf("after a switch-over: %v", err)
	}
}

// A withheld call keeps what would have been applied.
type withheld struct {
	*Line
	err error
	q   bundle.ApplyQuestion
}

func (h *withheld) Call(ctx context.Context, verb string, args, answer any) error {
	if q, ok := args.(bundle.ApplyQuestion); ok {
		h.q = q
		return h.err
	}
	return h.Line.Call(ctx, verb, args, answer)
}

// A sync that was cut off goes on with the same bundle: what of a large one has
// come is not sent again.
func TestASyncThatWasCutOffGoesOn(t *testing.T) {
	a, b := twins(t)
	ours := adminOf(t, a)
	setQueues(t, ours, 9000, false)
	cut := errors.New("cut off")
	var names []bundle.Digest
	var sent []int64
	for range 2 {
		p := pusherOf(t, a, ours)
		l := dial(t, a)
		held := &withheld{Line: l, err: cut}
		p.Peer = held
		if _, _, err := p.Run(t.Context(), yes); !errors.Is(err, cut) {
			t.Fatal(err)
		}
		names, sent = append(names, held.q.Name), append(sent, l.BytesOut())
	}
	if names[0] != names[1] || sent[1] > sent[0]/4 {
		t.Errorf("bundles %s after %d bytes", names, sent)
	}
	if _, _, err := pusherOf(t, a, ours).Run(t.Context(), yes); err != nil {
		t.Fatal(err)
	}
	if at, err := adminOf(t, b).Position(t.Context()); err != nil || at.Rows != 9000 {
		t.Errorf("%+v, %v", at, err)
	}
}

// A key that is not the twin's any more syncs nothing.
func TestASyncIsTheTwinsAlone(t *testing.T) {
	_, b := twins(t)
	stale := Peer{Notary: b, Key: "ssh-ed25519 other", Admin: adminOf(t, b)}
	for _, verb := range []string{bundle.VerbHello, bundle.VerbDrift, bundle.VerbHashes, bundle.VerbRows, bundle.VerbChunks, bundle.VerbApply} {
		_, err := stale.Answer(t.Context(), verb, json.RawMessage(`{}`))
		var remote *link.RemoteError
		if !errors.As(err, &remote) || remote.Code != int(cli.Refused) {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if u, err := stale.Create(t.Context(), bundle.Extent{Size: 1}.Path()); err == nil || u != nil {
		t.Errorf("a file: %v", err)
	}
	if self, err := b.Node.Self(t.Context()); err != nil || self.Role != node.Secondary {
		t.Errorf("%+v, %v", self, err)
	}
}

// A primary that has heard of a higher epoch pushes nothing any more, also to a
// twin that has not heard of it; and it speaks with its own.
func TestASupersededPrimaryPushesNothing(t *testing.T) {
	a, _ := twins(t)
	if err := a.MayPush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Node.Seen(t.Context(), 8); err != nil {
		t.Fatal(err)
	}
	if err := a.MayPush(t.Context()); !errors.Is(err, bundle.ErrEpoch) || cli.Verdict(err) != cli.Refused {
		t.Errorf("%v", err)
	}
	if who, err := a.hello(t.Context(), node.Pair{}); err != nil || who.Epoch != 1 {
		t.Errorf("%+v, %v", who, err)
	}
}

// What a verb is answered with goes by the pair that its asker was known by.
func TestAVerbReadsThePairOnce(t *testing.T) {
	_, b := twins(t)
	h, err := Peer{Notary: b}.applier(t.Context(), node.Pair{Pair: "p", Server: "s", Name: "n"})
	if err != nil || h.Who.Pair != "p" || h.Twin.Server != "s" || h.Who.Role != node.Secondary {
		t.Errorf("%+v, %v", h.Who, err)
	}
}
