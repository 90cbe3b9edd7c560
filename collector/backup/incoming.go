package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/store"
)

// What an Incoming answers with beside ErrForeign, ErrThere, ErrNoRoom and
// ErrDamaged.
var (
	// ErrBusy is returned while another is at it.
	ErrBusy = errors.New("another backup is coming in")
	// ErrIncomplete is returned where pieces are missing.
	ErrIncomplete = errors.New("not all of the backup has come")
	// ErrPiece is returned for a piece that does not belong to what was offered.
	ErrPiece = errors.New("not a piece of a backup that was offered")
)

const (
	comingMark = ".coming-" // before the name of a set that comes in
	cameMark   = "~"        // between the name of a file and how much of it has come
	incomingID = ".lock"

	mostSets        = 1000
	block           = 4 << 10   // that a file takes at least
	longestIncoming = 512 << 10 // bytes of a manifest
	// LongestPiece is how much of a file comes at once, in bytes.
	LongestPiece = 32 << 20
)

// An Incoming is a directory into which another server's sets come, piece by
// piece. What is there is never changed, and what comes in has a name only once
// it is whole and what its manifest says. Nothing that the other server says is
// believed, but who it is. Any number of processes may have one on the same
// directory: one set comes in at a time, and goes on where it was cut.
type Incoming struct {
	Dir    string
	Server string // whose sets are taken: its own, for ever
	Quota  int64  // bytes that all of them may take
	Spare  int64  // bytes of the disk that they leave to others
}

// Come is how much of a set has come.
type Come struct {
	Kept  bool    // all of it: it is there
	Files []int64 // bytes of each file, in the order of the manifest
}

// Offer begins to take a set, or goes on with it. Another that was coming in is
// given up.
func (in Incoming) Offer(ctx context.Context, name string, manifest []byte) (Come, error) {
	m, sum, err := in.read(name, manifest)
	if err != nil {
		return Come{}, err
	}
	if err := os.MkdirAll(in.Dir, 0o700); err != nil {
		return Come{}, store.Full(err)
	}
	held, err := in.take(ctx)
	if err != nil {
		return Come{}, err
	}
	defer held.Close() //nolint:errcheck // it is a lock
	if kept, err := in.kept(ctx, name, sum); kept || err != nil {
		return Come{Kept: kept}, err
	}
	if err := in.giveUp(name, manifest); err != nil {
		return Come{}, err
	}
	if err := in.fits(m); err != nil {
		return Come{}, err
	}
	return in.begin(m, manifest)
}

// read judges a manifest.
func (in Incoming) read(name string, text []byte) (m Manifest, sum string, err error) {
	if len(text) > longestIncoming {
		return m, "", fmt.Errorf("%w: its manifest has %d bytes", ErrDamaged, len(text))
	}
	if m, sum, err = decodeManifest(name, bytes.NewReader(text)); err != nil {
		return m, "", err
	}
	if m.Server != in.Server {
		return m, "", fmt.Errorf("%w: %s", ErrForeign, name)
	}
	named, err := ParseName(name)
	if err != nil {
		return m, "", err
	}
	return m, sum, (Set{Named: named, Manifest: m}).unexpected(nil)
}

// kept tells whether a set is there. ErrThere: another of that name is.
func (in Incoming) kept(ctx context.Context, name, sum string) (bool, error) {
	if _, err := os.Lstat(filepath.Join(in.Dir, name)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	_, is, err := Keeper{At: Directory(in.Dir)}.manifest(ctx, name)
	if err == nil && is != sum {
		err = fmt.Errorf("%w: another %s", ErrThere, name)
	}
	return err == nil, err
}

// giveUp removes what was coming in, but for what this manifest speaks of.
func (in Incoming) giveUp(name string, manifest []byte) error {
	entries, err := os.ReadDir(in.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), comingMark) {
			continue
		}
		path := filepath.Join(in.Dir, e.Name())
		was, err := os.ReadFile(filepath.Join(path, manifestFile))
		if e.Name() == comingMark+name && err == nil && bytes.Equal(was, manifest) {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// fits tells whether there is room for a set, by the quota and on the disk.
func (in Incoming) fits(m Manifest) error {
	if in.Quota == 0 {
		return fmt.Errorf("%w: backups of other servers are not kept there", ErrNoRoom)
	}
	used, sets, came, err := in.used(comingMark + m.Name)
	if err != nil {
		return err
	}
	need := int64(2 * block)
	for _, f := range m.Files {
		need += blocks(f.Packed)
	}
	if sets >= mostSets {
		return fmt.Errorf("%w: there are %d backups of that server already", ErrNoRoom, sets)
	}
	if used+need > in.Quota {
		return fmt.Errorf("%w: it takes %d MiB, and of the %d for backups of that server %d are taken", ErrNoRoom, need>>20, in.Quota>>20, used>>20)
	}
	return in.free(need - came)
}

func (in Incoming) free(need int64) error {
	free, err := store.Free(in.Dir)
	if err == nil && free-max(need, 0) < in.Spare {
		err = fmt.Errorf("%w: %d MiB to come, %d are free there, and %d are for others", ErrNoRoom, need>>20, free>>20, in.Spare>>20)
	}
	return err
}

func blocks(n int64) int64 { return (n + block - 1) / block * block }

// used returns what lies in the directory, and how much of it in one that comes
// in, which is not counted.
func (in Incoming) used(coming string) (used int64, sets int, came int64, err error) {
	err = filepath.WalkDir(in.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == in.Dir {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		top, _, inside := strings.Cut(strings.TrimPrefix(path, in.Dir+string(filepath.Separator)), string(filepath.Separator))
		switch {
		case top == coming:
			came += blocks(info.Size())
		default:
			used += max(block, blocks(info.Size()))
			if !inside {
				sets++
			}
		}
		return nil
	})
	return used, sets, came, err
}

// begin makes the directory of what comes in, if it is not there, and says how
// much of it there is.
func (in Incoming) begin(m Manifest, manifest []byte) (c Come, err error) {
	dir := filepath.Join(in.Dir, comingMark+m.Name)
	if err := os.Mkdir(dir, 0o700); err == nil {
		if err := writeFile(folder(dir), manifestFile, manifest); err != nil {
			return c, errors.Join(err, os.RemoveAll(dir))
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return c, store.Full(err)
	}
	for _, f := range m.Files {
		_, came, err := cameOf(dir, f)
		if err != nil {
			return c, err
		}
		c.Files = append(c.Files, came)
	}
	return c, nil
}

func writeFile(to Folder, name string, text []byte) error {
	out, err := to.Create(name)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return errors.Join(err, out.Close())
}

// cameOf returns the name under which a file comes in, "" if nothing of it did,
// and how much of it is proven to be on disk: its name says so.
func cameOf(dir string, f File) (name string, came int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", 0, err
	}
	for _, e := range entries {
		if e.Name() == f.Stored() {
			return e.Name(), f.Packed, nil
		}
		digits, ok := strings.CutPrefix(e.Name(), f.Stored()+cameMark)
		if !ok {
			continue
		}
		came, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || came < 0 || came > f.Packed {
			return "", 0, fmt.Errorf("%w: %s", ErrPiece, e.Name())
		}
		return e.Name(), came, nil
	}
	return "", 0, nil
}

// take takes the directory for one at a time: a lock of the open file, so that
// it also keeps two goroutines of a process apart.
func (in Incoming) take(ctx context.Context) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(in.Dir, incomingID), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, store.Full(err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrBusy
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// A Kept is a set that is there.
type Kept struct {
	Name  string `json:"name"`
	Sum   string `json:"sum"` // of its manifest; "" if that cannot be read
	Bytes int64  `json:"bytes"`
}

// List returns the sets that are there whose names come behind one, in the order
// of their names, at most limit.
func (in Incoming) List(ctx context.Context, after string, limit int) ([]Kept, error) {
	k := Keeper{At: Directory(in.Dir)}
	names, err := k.At.Sets(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	all := []Kept{}
	for _, name := range names {
		if name <= after || len(all) == limit {
			continue
		}
		m, sum, err := k.manifest(ctx, name)
		if err != nil {
			sum = ""
		}
		all = append(all, Kept{name, sum, m.Bytes()})
	}
	return all, nil
}

// Sweep removes what was coming in, and was cut: ErrBusy while it does.
func (in Incoming) Sweep(ctx context.Context) error {
	if _, err := os.Lstat(in.Dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	held, err := in.take(ctx)
	if err != nil {
		return err
	}
	return errors.Join(in.giveUp("", nil), held.Close())
}
