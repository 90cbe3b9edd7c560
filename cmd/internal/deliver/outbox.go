package deliver

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/store"
)

const (
	// MostAttached is how many bytes go with one letter: as mail they grow by
	// a third, and most servers take no more than 25 MB.
	MostAttached = 16 << 20
	// mostKept is how many bytes wait in an outbox.
	mostKept = 256 << 20
	// unclaimed is how old files are for which no message stands, and which
	// whoever put them there may not be about to write.
	unclaimed = time.Hour
	unsorted  = ".new-" // begins the name of what is not whole yet
)

// What a caller may branch on.
var (
	ErrTooLarge   = errors.New("too large to be sent")
	ErrOutboxFull = errors.New("the outbox is full")
	// ErrLost is returned for files that are gone or are not what was put there.
	ErrLost = errors.New("what was to be sent is lost")
)

// An Outbox keeps what goes with letters until they are sent: a folder for
// each report, however many receive it.
type Outbox struct{ Dir string }

// OutboxOf returns the outbox of a data directory.
func OutboxOf(data string) Outbox { return Outbox{filepath.Join(data, "outbox")} }

// A File is one that goes with a letter.
type File struct {
	Name   string `json:"name"` // plain: small letters, digits, dashes and dots
	Type   string `json:"type"` // as a mail says it: text/csv
	Size   int64  `json:"size"`
	Digest string `json:"sha256"`

	Text []byte `json:"-"`
}

// Put stores files, whole and flushed or not at all, and returns the id under
// which they are and what letters say of them. Whoever then makes no message
// of it within the hour need not remove them.
func (o Outbox) Put(files []File) (id string, stored []File, err error) {
	size := int64(0)
	for _, f := range files {
		if f.Name != filepath.Base(f.Name) || strings.HasPrefix(f.Name, ".") {
			return "", nil, fmt.Errorf("%q is no name for what goes with a letter", f.Name)
		}
		sum := sha256.Sum256(f.Text)
		stored = append(stored, File{Name: f.Name, Type: f.Type, Size: int64(len(f.Text)), Digest: hex.EncodeToString(sum[:])})
		size += int64(len(f.Text))
	}
	if size > MostAttached {
		return "", nil, fmt.Errorf("%w: %d bytes, and at most %d go with a letter", ErrTooLarge, size, MostAttached)
	}
	kept, err := o.size()
	if err != nil {
		return "", nil, err
	}
	if kept+size > mostKept {
		return "", nil, fmt.Errorf("%w: %d bytes wait there, and at most %d may", ErrOutboxFull, kept, mostKept)
	}
	id = strings.ToLower(rand.Text())
	return id, stored, o.place(id, files)
}

// place makes the folder of that id.
func (o Outbox) place(id string, files []File) (err error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(o.Dir, unsorted)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	for _, f := range files {
		if err := writeFlushed(filepath.Join(folder, f.Name), f.Text); err != nil {
			return err
		}
	}
	if err := store.FlushDir(folder); err != nil {
		return err
	}
	whole, err := o.folder(id)
	if err != nil {
		return err
	}
	if err := os.Rename(folder, whole); err != nil {
		return err
	}
	return store.FlushDir(o.Dir)
}

// size returns how many bytes wait.
func (o Outbox) size() (size int64, err error) {
	err = filepath.WalkDir(o.Dir, func(_ string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // it was sent meanwhile
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

// folder returns where the files of that id are. Nothing else is an id, so that
// no other folder is ever read or removed.
func (o Outbox) folder(id string) (string, error) {
	if id == "" || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return "", fmt.Errorf("%w: %q is no id of an outbox", ErrLost, id)
	}
	return filepath.Join(o.Dir, id), nil
}

// Read returns the files with their texts, and the folder that they are in:
// ErrLost if one is not as it was put.
func (o Outbox) Read(id string, files []File) (folder string, read []File, err error) {
	if folder, err = o.folder(id); err != nil {
		return "", nil, err
	}
	for _, f := range files {
		f.Text, err = readAtMost(filepath.Join(folder, filepath.Base(f.Name)), f.Size)
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil, fmt.Errorf("%w: %w", ErrLost, err)
		}
		if err != nil {
			return "", nil, err
		}
		if sum := sha256.Sum256(f.Text); hex.EncodeToString(sum[:]) != f.Digest {
			return "", nil, fmt.Errorf("%w: %s/%s is not what was put there", ErrLost, id, f.Name)
		}
		read = append(read, f)
	}
	return folder, read, nil
}

// readAtMost reads a file, and no more of it than makes it too long.
func readAtMost(path string, size int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return io.ReadAll(io.LimitReader(f, min(max(size, 0), MostAttached)+1))
}

// Remove removes what was put under that id. What is gone is gone.
func (o Outbox) Remove(id string) error {
	folder, err := o.folder(id)
	if err != nil {
		return err
	}
	return os.RemoveAll(folder)
}

// Sweep removes what no message waits for, as far as it is older than an hour,
// and returns how many folders that were.
func (o Outbox) Sweep(now time.Time, waits func(id string) (bool, error)) (removed int, err error) {
	entries, err := os.ReadDir(o.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, e := range entries {
		if gone, err := o.sweep(e, now, waits); err != nil {
			return removed, err
		} else if gone {
			removed++
		}
	}
	return removed, err
}

// sweep removes one folder, if nothing waits for it.
func (o Outbox) sweep(e fs.DirEntry, now time.Time, waits func(id string) (bool, error)) (removed bool, err error) {
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) || err == nil && now.Sub(info.ModTime()) < unclaimed {
		return false, nil
	}
	needed := false
	if err == nil && !strings.HasPrefix(e.Name(), unsorted) {
		needed, err = waits(e.Name())
	}
	if err != nil || needed {
		return false, err
	}
	return true, os.RemoveAll(filepath.Join(o.Dir, e.Name()))
}

func writeFlushed(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
