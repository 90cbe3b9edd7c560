package apply_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/bundle"
)

// A parcel is a bundle with its bytes.
type parcel struct {
	bundle.Manifest
	bytes []byte
}

func newParcel(t *testing.T, seed byte, size int) parcel {
	t.Helper()
	p := parcel{bytes: make([]byte, size)}
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(p.bytes)
	p.Manifest = bundle.ManifestOf(p.bytes)
	return p
}

func newSpool(t *testing.T) apply.Spool {
	t.Helper()
	return apply.Spool{Dir: filepath.Join(t.TempDir(), "spool")}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func offer(t *testing.T, s apply.Spool, p parcel) []int {
	t.Helper()
	missing, err := s.Offer(t.Context(), p.Manifest, time.Now())
	must(t, err)
	return missing
}

// send sends what is missing.
func (p parcel) send(s apply.Spool, missing ...int) error {
	extents, err := p.Extents(missing)
	if err != nil {
		return err
	}
	for _, e := range extents {
		u, err := s.Create(e.Path())
		if err != nil {
			return err
		}
		_, err = u.WriteAt(p.bytes[e.At:e.At+e.Size], 0)
		if err := errors.Join(err, u.Close()); err != nil {
			return err
		}
	}
	return nil
}

// whole demands that the spool has all of a parcel.
func (p parcel) whole(t *testing.T, s apply.Spool) {
	t.Helper()
	w, err := s.Open(p.Name)
	must(t, err)
	got := make([]byte, w.Size())
	_, err = w.ReadAt(got, 0)
	must(t, errors.Join(err, w.Close()))
	if !bytes.Equal(got, p.bytes) {
		t.Error("other bytes came out than went in")
	}
}

func files(t *testing.T, s apply.Spool) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(s.Dir, "*"))
	must(t, err)
	for i, f := range all {
		all[i] = filepath.Base(f)
	}
	return all
}

func want(t *testing.T, what string, got, want []int) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d are missing, not %d", what, got, want)
	}
}

func TestSpool(t *testing.T) {
	for _, size := range []int{1, bundle.PieceSize - 1, bundle.PieceSize, bundle.PieceSize + 1, 5*bundle.PieceSize + 9} {
		s, p := newSpool(t), newParcel(t, 1, size)
		missing := offer(t, s, p)
		if len(missing) != (size+bundle.PieceSize-1)/bundle.PieceSize {
			t.Errorf("%d bytes: %d are missing at first", size, missing)
		}
		if _, err := s.Open(p.Name); !errors.Is(err, apply.ErrIncomplete) {
			t.Errorf("%d bytes: an empty bundle: %v", size, err)
		}
		must(t, p.send(s, missing...))
		want(t, "at last", offer(t, s, p), nil)
		p.whole(t, s)
		info, err := os.Stat(filepath.Join(s.Dir, p.Name.String()+".part"))
		must(t, err)
		if info.Mode() != 0o600 {
			t.Errorf("its mode is %v", info.Mode())
		}
		must(t, s.Remove(t.Context(), p.Name))
		if _, err := s.Open(p.Name); !errors.Is(err, fs.ErrNotExist) || len(files(t, s)) > 0 {
			t.Errorf("removed: %v, %q", err, files(t, s))
		}
	}
}

func TestResume(t *testing.T) {
	s, p := newSpool(t), newParcel(t, 1, 4*bundle.PieceSize+1)
	offer(t, s, p)
	must(t, p.send(s, 0, 1, 4))
	want(t, "some came", offer(t, s, p), []int{2, 3})
	u, err := s.Create(bundle.Extent{Name: p.Name, At: 2 << 20, Size: 2 << 20}.Path())
	must(t, err)
	_, err = u.WriteAt(p.bytes[2<<20:3<<20-1], 0) // all but the last byte, and the end of the next
	must(t, err)
	_, err = u.WriteAt(p.bytes[4<<20-1:4<<20], 2<<20-1)
	must(t, errors.Join(err, u.Close()))
	want(t, "holes", offer(t, s, p), []int{2, 3})
	bad := p
	bad.bytes = slices.Clone(p.bytes)
	bad.bytes[3<<20] ^= 1
	must(t, bad.send(s, 2, 3))
	want(t, "one byte is wrong", offer(t, s, p), []int{3})
	if _, err := s.Open(p.Name); !errors.Is(err, apply.ErrIncomplete) {
		t.Errorf("one byte is wrong: %v", err)
	}
	must(t, p.send(s, 3))
	p.whole(t, s)
	must(t, os.Truncate(filepath.Join(s.Dir, p.Name.String()+".part"), 3)) // what a crash between two steps leaves
	want(t, "cut off", offer(t, s, p), []int{0, 1, 2, 3, 4})
}

// TestTakeOver offers what somebody else, who may never end, still writes to.
func TestTakeOver(t *testing.T) {
	s, p := newSpool(t), newParcel(t, 1, 3<<20)
	offer(t, s, p)
	must(t, p.send(s, 0))
	stale, err := s.Create(bundle.Extent{Name: p.Name, At: 1 << 20, Size: 2 << 20}.Path())
	must(t, err)
	if err := p.send(s, 2); !errors.Is(err, apply.ErrBusy) {
		t.Errorf("two write at once: %v", err)
	}
	if _, err := s.Open(p.Name); !errors.Is(err, apply.ErrBusy) {
		t.Errorf("read while it is written: %v", err)
	}
	_, err = stale.WriteAt(p.bytes[1<<20:2<<20], 0)
	must(t, err)
	want(t, "taken over", offer(t, s, p), []int{2})
	must(t, p.send(s, 2))
	_, err = stale.WriteAt(make([]byte, 2<<20), 0)
	must(t, err)
	p.whole(t, s)
	must(t, stale.Close())
	p.whole(t, s)
	if got := files(t, s); len(got) != 1 {
		t.Errorf("left behind: %q", got)
	}
}

// TestWhatIsReadStays holds that nobody changes a bundle while it is applied.
func TestWhatIsReadStays(t *testing.T) {
	s, p := newSpool(t), newParcel(t, 1, 3<<20)
	must(t, p.send(s, offer(t, s, p)...))
	w, err := s.Open(p.Name)
	must(t, err)
	if err := p.send(s, 1); !errors.Is(err, apply.ErrBusy) {
		t.Errorf("written while it is read: %v", err)
	}
	bad := p
	bad.bytes = make([]byte, 3<<20)
	offer(t, s, p) // another copy, which anybody may spoil
	must(t, bad.send(s, 0, 1, 2))
	got := make([]byte, w.Size())
	_, err = w.ReadAt(got, 0)
	must(t, errors.Join(err, w.Close()))
	if !bytes.Equal(got, p.bytes) {
		t.Error("it was changed while it was read")
	}
}

func TestLimits(t *testing.T) {
	s := newSpool(t)
	old, second, third := newParcel(t, 1, 100), newParcel(t, 2, 2<<20), newParcel(t, 3, 100)
	offer(t, s, old)
	offer(t, s, second)
	at := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(filepath.Join(s.Dir, old.Name.String()+".part"), at, at))
	busy, err := s.Create(second.whole0().Path())
	must(t, err)
	offer(t, s, third) // the oldest goes
	if _, err := s.Open(old.Name); !errors.Is(err, fs.ErrNotExist) || len(files(t, s)) != apply.MaxBundles {
		t.Errorf("%q, %v", files(t, s), err)
	}
	also, err := s.Create(third.whole0().Path())
	must(t, err)
	if _, err := s.Offer(t.Context(), old.Manifest, time.Now()); !errors.Is(err, apply.ErrBusy) {
		t.Errorf("all are under way: %v", err)
	}
	must(t, errors.Join(busy.Close(), also.Close()))

	big := newParcel(t, 4, 100)
	big.Size = bundle.MaxBytes + 1
	big.Pieces = make([]bundle.Digest, 65)
	if _, err := s.Offer(t.Context(), big.Manifest, time.Now()); !errors.Is(err, bundle.ErrBundle) {
		t.Errorf("too large: %v", err)
	}
}

// whole0 is all of a bundle as one extent.
func (p parcel) whole0() bundle.Extent { return bundle.Extent{Name: p.Name, Size: p.Size} }

func TestSweep(t *testing.T) {
	s, p := newSpool(t), newParcel(t, 1, 100)
	if n, err := s.Sweep(t.Context(), time.Now()); n != 0 || err != nil {
		t.Errorf("no folder: %d, %v", n, err)
	}
	offer(t, s, p)
	must(t, os.WriteFile(filepath.Join(s.Dir, p.Name.String()+".part.new"), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(s.Dir, "notes"), nil, 0o600))
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {apply.MaxAge - time.Minute, 0}, {-apply.MaxAge + time.Minute, 0}, {apply.MaxAge + time.Minute, 1}} {
		if n, err := s.Sweep(t.Context(), time.Now().Add(step.after)); n != step.want || err != nil {
			t.Errorf("after %s: %d removed, %v", step.after, n, err)
		}
	}
	if got := files(t, s); !slices.Equal(got, []string{"notes"}) {
		t.Errorf("left: %q", got)
	}
	offer(t, s, p)
	u, err := s.Create(p.whole0().Path())
	must(t, err)
	if n, err := s.Sweep(t.Context(), time.Now().Add(30*24*time.Hour)); n != 0 || err != nil {
		t.Errorf("under way: %d removed, %v", n, err)
	}
	must(t, u.Close())
	if n, err := s.Sweep(t.Context(), time.Now().Add(-30*24*time.Hour)); n != 1 || err != nil {
		t.Errorf("from the future: %d removed, %v", n, err)
	}
}

// TestOdd puts what is not the spool's in its place: it is neither followed
// nor changed nor removed.
func TestOdd(t *testing.T) {
	p := newParcel(t, 1, 100)
	victim := filepath.Join(t.TempDir(), "victim")
	must(t, os.WriteFile(victim, p.bytes, 0o600))
	for name, place := range map[string]func(part string) error{
		"symlink":         func(part string) error { return os.Symlink(victim, part) },
		"dangling link":   func(part string) error { return os.Symlink(victim+"2", part) },
		"hard link":       func(part string) error { return os.Link(victim, part) },
		"folder":          func(part string) error { return os.Mkdir(part, 0o700) },
		"pipe":            func(part string) error { return syscall.Mkfifo(part, 0o600) },
		"socket":          func(part string) error { return syscall.Mknod(part, syscall.S_IFSOCK|0o600, 0) },
		"open to others":  func(part string) error { return errors.Join(os.WriteFile(part, p.bytes, 0o600), os.Chmod(part, 0o640)) },
		"may be executed": func(part string) error { return errors.Join(os.WriteFile(part, p.bytes, 0o600), os.Chmod(part, 0o700)) },
	} {
		s := newSpool(t)
		must(t, os.Mkdir(s.Dir, 0o700))
		part := filepath.Join(s.Dir, p.Name.String()+".part")
		must(t, place(part))
		_, offered := s.Offer(t.Context(), p.Manifest, time.Now())
		_, created := s.Create(p.whole0().Path())
		_, opened := s.Open(p.Name)
		_, swept := s.Sweep(t.Context(), time.Now().Add(100*24*time.Hour))
		for _, err := range []error{offered, created, opened, swept} {
			if !errors.Is(err, apply.ErrOdd) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := os.Lstat(part); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(victim + "2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link was followed: %v", err)
	}
	got, err := os.ReadFile(victim)
	must(t, err)
	if !bytes.Equal(got, p.bytes) {
		t.Error("somebody else's file was changed")
	}
}

func TestOddFolder(t *testing.T) {
	p := newParcel(t, 1, 100)
	for name, place := range map[string]func(dir string) error{
		"symlink":        func(dir string) error { return os.Symlink(filepath.Dir(dir), dir) },
		"file":           func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"open to others": func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o755)) },
	} {
		s := newSpool(t)
		must(t, place(s.Dir))
		if _, err := s.Offer(t.Context(), p.Manifest, time.Now()); !errors.Is(err, apply.ErrOdd) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	s, p := newSpool(t), newParcel(t, 1, 2<<20+5)
	if _, err := s.Create(p.whole0().Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	offer(t, s, p)
	other := newParcel(t, 2, 2<<20+5)
	if _, err := s.Create(other.whole0().Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not offered: %v", err)
	}
	for _, e := range []bundle.Extent{{At: 0, Size: 5}, {At: 0, Size: 3 << 20}, {At: 2 << 20, Size: 6}, {At: 2 << 20, Size: 4}, {At: 3 << 20, Size: 5}} {
		e.Name = p.Name
		if _, err := s.Create(e.Path()); !errors.Is(err, apply.ErrExtent) {
			t.Errorf("%d bytes at %d: %v", e.Size, e.At, err)
		}
	}
	for _, path := range []string{"", "bundles", "../../etc/passwd", "/" + p.whole0().Path(), p.whole0().Path() + "/", strings.ToUpper(p.whole0().Path())} {
		if _, err := s.Create(path); !errors.Is(err, bundle.ErrBundle) {
			t.Errorf("%q: %v", path, err)
		}
	}
	u, err := s.Create(bundle.Extent{Name: p.Name, At: 1 << 20, Size: 1<<20 + 5}.Path())
	must(t, err)
	for _, at := range []int64{-1, -1 << 63, 1<<20 + 5, 1<<63 - 1} {
		if _, err := u.WriteAt([]byte{1}, at); !errors.Is(err, apply.ErrExtent) {
			t.Errorf("written at %d: %v", at, err)
		}
	}
	if err := u.Close(); !errors.Is(err, apply.ErrExtent) {
		t.Errorf("closed: %v", err)
	}
	info, err := os.Stat(filepath.Join(s.Dir, p.Name.String()+".part"))
	must(t, err)
	if info.Size() != p.Size {
		t.Errorf("it has %d bytes now", info.Size())
	}
}
