package files

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/twinctl/twin/collector/inert"
)

// A mark is the first eight bytes of a digest: of a name, or of what tells one
// delivery from another.
type mark uint64

func markOf(text string) mark {
	sum := sha256.Sum256([]byte(text))
	return mark(binary.BigEndian.Uint64(sum[:]))
}

// An entry is a file of a directory, as it was when it was listed.
type entry struct {
	dir, name string
	file      mark      // which file it is: of its inode, or on a server of its name
	state     mark      // of that, and of its size and time: another one once it was changed
	size      int64     //
	changed   time.Time // its content, the last time
	touched   time.Time // anything about it, such as its name; zero where nobody knows
}

// newEntry takes what a storage says of a file. Inodes are those of this machine.
func newEntry(dir, name string, info fs.FileInfo) entry {
	e := entry{dir: dir, name: name, size: info.Size(), changed: within(info.ModTime())}
	id := "name " + e.name
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		id = fmt.Sprintf("inode %d", st.Ino)
		e.touched = time.Unix(st.Ctim.Unix())
	}
	e.file = markOf(id)
	e.state = markOf(fmt.Sprintf("%s, %d bytes, %d", id, e.size, info.ModTime().UnixNano()))
	return e
}

// Between these a file was changed, as far as we are concerned: storages can say
// more than nanoseconds since 1970 can hold, and then the oldest would be the
// newest.
var (
	firstChange = time.Unix(0, 0)
	lastChange  = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

func within(t time.Time) time.Time {
	switch {
	case t.Before(firstChange):
		return firstChange
	case t.After(lastChange):
		return lastChange
	}
	return t
}

// path returns where the file lies, for the storage.
func (e *entry) path() string { return path.Join(e.dir, e.name) }

// String returns the same for people.
func (e *entry) String() string { return inert.Text(e.path()) }

// before is the order in which files are read.
func (e *entry) before(o *entry) int {
	return cmp.Or(e.changed.Compare(o.changed), strings.Compare(e.name, o.name))
}

// wanted tells whether what a directory holds is a file to read, once it is
// finished: a server may say anything, also names that are none.
func wanted(info fs.FileInfo, mask string) bool {
	name := info.Name()
	if !info.Mode().IsRegular() || info.Size() < 0 || name == "" || strings.ContainsAny(name, "/\x00") || written(name) {
		return false
	}
	ok, err := path.Match(mask, name)
	return ok && err == nil
}

// written tells whether the name says that the file is still being written, or
// is hidden.
func written(name string) bool {
	if strings.HasPrefix(name, ".") {
		return true
	}
	for _, sign := range []string{"_", ".part"} {
		if strings.HasPrefix(name, sign) || strings.HasSuffix(name, sign) {
			return true
		}
	}
	return false
}
