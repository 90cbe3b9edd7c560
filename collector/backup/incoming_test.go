package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// arrive makes a backup, and a place where it comes in.
func arrive(t *testing.T) (*rig, Set, Incoming) {
	t.Helper()
	r := newRig(t, "cms-a")
	r.hear(t, 2000)
	s := r.make(t, Full)
	return r, s, Incoming{Dir: filepath.Join(t.TempDir(), "cms-a.twin"), Server: s.Server, Quota: 1 << 30}
}

func (r *rig) text(t *testing.T, s Set) []byte {
	t.Helper()
	text, err := r.Text(t.Context(), s.Title())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (r *rig) stored(t *testing.T, s Set, f File) []byte {
	t.Helper()
	in, err := r.At.Open(t.Context(), s.Title(), f.Stored())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	all, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func put(ctx context.Context, in Incoming, p Place, text []byte) error {
	w, err := in.Create(ctx, p)
	if err != nil {
		return err
	}
	_, err = w.WriteAt(text, 0)
	return errors.Join(err, w.Close())
}

// bring sends all of a set in pieces of so many bytes, but for what has come.
func (r *rig) bring(t *testing.T, s Set, in Incoming, piece int) {
	t.Helper()
	c, err := in.Offer(t.Context(), s.Title(), r.text(t, s))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range s.Files {
		text := r.stored(t, s, f)
		for at := int(c.Files[i]); at < len(text); at += piece {
			part := text[at:min(at+piece, len(text))]
			if err := put(t.Context(), in, Place{s.Title(), f.Stored(), int64(at), int64(len(part))}, part); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestABackupComesInWhole(t *testing.T) {
	r, s, in := arrive(t)
	r.bring(t, s, in, 1000)
	if sets, err := Directory(in.Dir).Sets(t.Context()); len(sets) != 0 || err != nil {
		t.Errorf("%v, %v: it has its name before it is proven", sets, err)
	}
	if err := in.Keep(t.Context(), s.Title(), s.Sum); err != nil {
		t.Fatal(err)
	}
	there := Keeper{At: Directory(in.Dir)}
	if err := there.Verify(t.Context(), s.Title()); err != nil {
		t.Error(err)
	}
	for _, f := range s.Files {
		got := (&rig{Keeper: there}).stored(t, s, f)
		if !bytes.Equal(got, r.stored(t, s, f)) {
			t.Errorf("%s is another", f.Name)
		}
	}
	if err := in.Keep(t.Context(), s.Title(), s.Sum); err != nil {
		t.Errorf("twice: %v", err)
	}
	if c, err := in.Offer(t.Context(), s.Title(), r.text(t, s)); !c.Kept || err != nil {
		t.Errorf("offered again: %+v, %v", c, err)
	}
	p, err := there.Plan(t.Context(), Wish{To: filepath.Join(t.TempDir(), "back")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.Drill(t.Context(), p, beside); err != nil {
		t.Error(err)
	}
	kept, err := in.List(t.Context(), "", 10)
	if err != nil || len(kept) != 1 || kept[0] != (Kept{s.Title(), s.Sum, s.Bytes()}) {
		t.Errorf("%+v, %v", kept, err)
	}
}

// What was cut goes on where it was: also in the middle of a piece, of which any
// part may have been written.
func TestABackupThatWasCutGoesOn(t *testing.T) {
	r, s, in := arrive(t)
	if _, err := in.Offer(t.Context(), s.Title(), r.text(t, s)); err != nil {
		t.Fatal(err)
	}
	f := s.Files[0]
	text := r.stored(t, s, f)
	if err := put(t.Context(), in, Place{s.Title(), f.Stored(), 0, 500}, text[:500]); err != nil {
		t.Fatal(err)
	}
	w, err := in.Create(t.Context(), Place{s.Title(), f.Stored(), 500, 500})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteAt(text[900:1000], 400); err != nil { // and a hole before it
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, ErrIncomplete) {
		t.Errorf("%v", err)
	}
	// A process that was killed does not even close.
	garbled, err := os.OpenFile(filepath.Join(in.Dir, comingMark+s.Title(), f.Stored()+cameMark+"500"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := garbled.WriteAt([]byte("neither"), 700); err != nil {
		t.Fatal(err)
	}
	if err := garbled.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := in.Offer(t.Context(), s.Title(), r.text(t, s))
	if err != nil || c.Files[0] != 500 {
		t.Fatalf("%+v, %v", c, err)
	}
	r.bring(t, s, in, 700)
	if err := in.Keep(t.Context(), s.Title(), s.Sum); err != nil {
		t.Fatal(err)
	}
	if err := (Keeper{At: Directory(in.Dir)}).Verify(t.Context(), s.Title()); err != nil {
		t.Error(err)
	}
}

func TestWhatWasCutIsSwept(t *testing.T) {
	r, s, in := arrive(t)
	r.bring(t, s, in, 5000)
	other := r.make(t, Full)
	if _, err := in.Offer(t.Context(), other.Title(), r.text(t, other)); err != nil {
		t.Fatal(err)
	}
	if err := in.Keep(t.Context(), s.Title(), s.Sum); !errors.Is(err, ErrIncomplete) {
		t.Errorf("one that was given up: %v", err)
	}
	w, err := in.Create(t.Context(), Place{other.Title(), other.Files[0].Stored(), 0, 100})
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Sweep(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("while it comes in: %v", err)
	}
	if err := w.Close(); !errors.Is(err, ErrIncomplete) {
		t.Error(err)
	}
	if err := in.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(in.Dir, comingMark+"*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Every byte of what came in wrong is found, and then none of it is left.
func TestABackupThatIsNotWhatItsManifestSays(t *testing.T) {
	r, s, in := arrive(t)
	for i, f := range s.Files {
		r.bring(t, s, in, 1<<20)
		path := filepath.Join(in.Dir, comingMark+s.Title(), f.Stored()+cameMark+itoa(f.Packed))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text[(i*7919)%len(text)] ^= 1
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := in.Keep(t.Context(), s.Title(), s.Sum); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", f.Name, err)
		}
		if entries, err := os.ReadDir(in.Dir); err != nil || len(entries) != 1 {
			t.Errorf("%s: left: %v, %v", f.Name, entries, err)
		}
	}
}
