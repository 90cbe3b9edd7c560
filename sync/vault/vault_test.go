package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/link"
)

// made returns a server's backup, and who keeps it.
func made(t *testing.T) (backup.Keeper, backup.Set) {
	t.Helper()
	dir := t.TempDir()
	n, err := node.Open(t.Context(), filepath.Join(dir, node.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	guard := func(ctx context.Context, tx *store.Tx) (admin.Standing, error) {
		self, _, err := node.SelfBeside(ctx, tx)
		return admin.Standing{Server: self.Name, Role: string(self.Role), Epoch: self.EpochSeen}, err
	}
	a, err := admin.Open(t.Context(), filepath.Join(dir, admin.File), store.Create, admin.Options{NodePath: filepath.Join(dir, node.File), Guard: guard})
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.Open(t.Context(), filepath.Join(dir, history.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(h.Close(), a.Close(), n.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := n.Init(t.Context(), "cms-a", node.Primary); err != nil {
		t.Fatal(err)
	}
	noise := filepath.Join(dir, "known_hosts") // more than a piece, and nothing that packs well
	f, err := os.Create(noise)
	if err != nil {
		t.Fatal(err)
	}
	random, err := os.Open("/dev/urandom")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(f, random, piece+piece/2); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(random.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	k := backup.Keeper{At: backup.Directory(filepath.Join(dir, "backups")), Work: filepath.Join(dir, "backups")}
	src := backup.Source{History: h, Admin: a, Node: n, Beside: []backup.Beside{{Name: "known_hosts", Path: noise}}}
	s, err := k.Make(t.Context(), backup.Full, src)
	if err != nil {
		t.Fatal(err)
	}
	return k, s
}

// A wire is a link without SSH, on which things can go wrong.
type wire struct {
	Handler

	spoil func(what string, answer []byte) ([]byte, error)
	puts  int
	cut   int // the put that is cut; 0: none
}

var errCut = errors.New("cut")

func (w *wire) Call(ctx context.Context, verb string, args, answer any) error {
	text, err := json.Marshal(args)
	if err != nil {
		return err
	}
	a, err := w.Answer(ctx, verb, text)
	switch {
	case errors.Is(err, backup.ErrDamaged):
		return &link.RemoteError{Code: codeUntrusted, Text: err.Error()}
	case err != nil:
		return err
	}
	if text, err = json.Marshal(a); err != nil {
		return err
	}
	if w.spoil != nil {
		if text, err = w.spoil(verb, text); err != nil {
			return err
		}
	}
	return json.Unmarshal(text, answer)
}

func (w *wire) Put(ctx context.Context, path string, from io.ReaderAt, size int64) error {
	w.puts++
	p, err := w.Create(ctx, path)
	if err != nil {
		return err
	}
	text := make([]byte, size)
	if _, err := from.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if w.puts == w.cut {
		_, err := p.WriteAt(text[:size/2], 0)
		_ = p.Close() // it says that it is not whole
		return errors.Join(errCut, err)
	}
	_, err = p.WriteAt(text, 0)
	return errors.Join(err, p.Close())
}

func room(t *testing.T, s backup.Set) *wire {
	t.Helper()
	return &wire{Handler: Handler{In: backup.Incoming{Dir: filepath.Join(t.TempDir(), "cms-a.twin"), Server: s.Server, Quota: 1 << 30}}}
}

func TestSendIsReadBack(t *testing.T) {
	k, s := made(t)
	w := room(t, s)
	to := Sender{Peer: w, From: k}
	for range 2 {
		if err := to.Send(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	there, err := to.List(t.Context())
	if err != nil || len(there) != 1 || len(Missing([]backup.Set{s}, there)) != 0 {
		t.Errorf("%+v, %v", there, err)
	}
	if err := (backup.Keeper{At: backup.Directory(w.In.Dir)}).Verify(t.Context(), s.Title()); err != nil {
		t.Error(err)
	}
	if want := len(s.Files) + 1; w.puts != want {
		t.Errorf("%d pieces, want %d: what is there is not sent again", w.puts, want)
	}
}

// Wherever it is cut, it goes on, and sends what is missing alone.
func TestSendGoesOnWhereItWasCut(t *testing.T) {
	k, s := made(t)
	for cut := 1; cut <= len(s.Files)+1; cut++ {
		w := room(t, s)
		w.cut = cut
		to := Sender{Peer: w, From: k}
		if err := to.Send(t.Context(), s); !errors.Is(err, errCut) {
			t.Fatalf("cut %d: %v", cut, err)
		}
		if there, err := to.List(t.Context()); len(there) != 0 || err != nil {
			t.Fatalf("cut %d: %v, %v", cut, there, err)
		}
		if err := to.Send(t.Context(), s); err != nil {
			t.Fatalf("cut %d: %v", cut, err)
		}
		if want := len(s.Files) + 2; w.puts != want {
			t.Errorf("cut %d: %d pieces in all, want %d", cut, w.puts, want)
		}
	}
}

// What had come and rotted there is sent once more, all of it.
func TestSendMendsWhatHadRotted(t *testing.T) {
	k, s := made(t)
	w := room(t, s)
	w.cut = len(s.Files) + 1
	to := Sender{Peer: w, From: k}
	if err := to.Send(t.Context(), s); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	came, err := filepath.Glob(filepath.Join(w.In.Dir, ".coming-*", "admin.db.zst~*"))
	if err != nil || len(came) != 1 {
		t.Fatal(came, err)
	}
	text, err := os.ReadFile(came[0])
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(came[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := to.Send(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := (backup.Keeper{At: backup.Directory(w.In.Dir)}).Verify(t.Context(), s.Title()); err != nil {
		t.Error(err)
	}
}

// A twin that lies makes sending end, and is never believed to have a backup.
func TestHostileTwin(t *testing.T) {
	k, s := made(t)
	for name, c := range map[string]struct{ verb, says string }{
		"more than there is":  {VerbOffer, `{"Files":[999999999999,0,0,0]}`},
		"less than nothing":   {VerbOffer, `{"Files":[-1,0,0,0]}`},
		"other files":         {VerbOffer, `{"Files":[0]}`},
		"no name of a backup": {VerbList, `{"sets":[{"name":"../../etc","sum":"00","bytes":1}]}`},
		"no hash":             {VerbList, `{"sets":[{"name":"` + s.Title() + `","sum":"\u001b[2J","bytes":1}]}`},
		"a negative size":     {VerbList, `{"sets":[{"name":"` + s.Title() + `","sum":"00","bytes":-1}]}`},
		"no order": {VerbList, `{"sets":[{"name":"` + s.Title() + `","sum":"00","bytes":1},{"name":"` +
			s.Title() + `","sum":"00","bytes":1}]}`},
		"a list without end":     {VerbList, `{"sets":[],"more":true}`},
		"the same page for ever": {VerbList, `{"sets":[{"name":"` + s.Title() + `","sum":"00","bytes":1}],"more":true}`},
	} {
		w := room(t, s)
		w.spoil = func(what string, answer []byte) ([]byte, error) {
			if what == c.verb {
				return []byte(c.says), nil
			}
			return answer, nil
		}
		to := Sender{Peer: w, From: k}
		var err error
		if c.verb == VerbList {
			_, err = to.List(t.Context())
		} else {
			err = to.Send(t.Context(), s)
		}
		if !errors.Is(err, ErrUntrusted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left := Missing([]backup.Set{s}, []backup.Kept{{Name: s.Title(), Sum: strings.Repeat("0", 64)}}); len(left) != 1 {
		t.Error("a twin that has another of the name is taken for one that has it")
	}
}

// Nothing but these verbs, and nothing but pieces, is to be had.
func TestOnlyTheVerbs(t *testing.T) {
	_, s := made(t)
	w := room(t, s)
	for _, verb := range []string{"backup.delete", "backup.read", "backup.", ""} {
		if _, err := w.Answer(t.Context(), verb, json.RawMessage(`{}`)); !errors.Is(err, ErrVerb) {
			t.Errorf("%q: %v", verb, err)
		}
	}
	for _, verb := range []string{VerbOffer, VerbKeep, VerbList} {
		if _, err := w.Answer(t.Context(), verb, json.RawMessage(`[`)); !errors.Is(err, ErrQuestion) {
			t.Errorf("%q: %v", verb, err)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		"backups/cms-a-20261121T060000Z-000001-full/history.db.zst/0-8388608", "backups//x/0-1", "backups/../../x/0-1", "backups/a/b/c/0-1",
		"backups/a/b/+0-1", "backups/a/b/00-1", "backups/a/b/0-", "backups/a/../b/0-1", "", "backups/", "bundles/x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePath(text)
		if err != nil {
			return
		}
		if pathOf(p) != text || p.At < 0 || p.Size < 1 || strings.ContainsAny(p.File, "/\x00") {
			t.Errorf("%q: %+v", text, p)
		}
	})
}

func ExamplePrefix() {
	fmt.Println(pathOf(backup.Place{Set: "cms-a-20261121T060000Z-000001-full", File: "history.db.zst", At: 8388608, Size: 100}))
	// Output: backups/cms-a-20261121T060000Z-000001-full/history.db.zst/8388608-100
}
