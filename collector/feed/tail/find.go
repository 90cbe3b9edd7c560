package tail

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// An entry is a file beside the path that may hold lines of the feed.
type entry struct {
	path string
	info fs.FileInfo
}

// locate finds the file that the position is in and goes on there. It may have
// been renamed since: then it has the inode. It may have been copied and cut:
// then only what it holds tells. It returns nil if there is none.
//
// The path is looked at first: what has left it by then is seen beside it.
func (f *follower) locate(p *position) (*file, error) {
	var all []entry
	if info, err := os.Stat(f.path); err == nil {
		all = append(all, entry{f.path, info})
	}
	beside, err := f.beside()
	if err != nil {
		return nil, err
	}
	all = append(all, beside...)
	for _, same := range []bool{true, false} {
		for _, e := range all {
			if _, packed := unpacked(e.path); packed || (inode(e.info) == p.Inode) != same || !same && p.LastAt < 0 {
				continue
			}
			found, err := f.openAt(e, *p)
			if err != nil && (same || e.path == f.path) {
				return nil, err
			}
			if err == nil && found != nil {
				return found, nil
			}
		}
	}
	return nil, nil
}

// openAt opens the file at the position, or returns nil if it does not hold
// what was read up to there.
func (f *follower) openAt(e entry, p position) (*file, error) {
	opened, err := openFile(e.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // renamed just now
	}
	if err != nil {
		return nil, err
	}
	found := &file{File: opened, ordinals: newOrdinals(), pos: p}
	head, ok, err := holds(opened, &p, f.limit)
	if ok && err == nil {
		found.known.Head = head
		ok, err = found.recount(f.format, f.limit)
	}
	info, errStat := opened.Stat()
	if err = errors.Join(err, errStat); err != nil || !ok {
		return nil, errors.Join(err, opened.Close())
	}
	found.pos.Inode = inode(info)
	return found, nil
}

// next opens the file to read after one that was last changed at that time:
// the oldest beside the path that was changed since, or else the one at it.
//
// The one at the path is opened first: what has left it by then is seen beside it.
func (f *follower) next(after time.Time) error {
	pos := position{LastAt: -1}
	switch {
	case f.pos != nil:
		pos = f.pos.behind(after.UnixNano())
	case f.covered != 0: // by another file, or another kind
		pos.LostAt = time.Now().UnixMicro()
	}
	found, err := begin(f.path, pos, f.limit)
	var missed entry
	if f.pos != nil && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		var older entry
		var errSince error
		older, missed, errSince = f.since(after, found)
		if errSince == nil && older.path != "" {
			found.close()
			found, err = begin(older.path, pos, f.limit)
			errSince = older.became(found)
		}
		err = errors.Join(err, errSince)
	}
	if err != nil {
		found.close()
		return err
	}
	f.close()
	f.file, f.pos = found, &found.pos
	f.log.Info("following", "path", found.Name())
	if missed.path != "" && pos.LostAt == 0 {
		f.lost(fmt.Errorf("%s: was written after what was read, and cannot be read", missed.path))
	}
	f.advance()
	return nil
}

// became returns an error if what was opened is not the entry: it was renamed
// in between.
func (e entry) became(opened *file) error {
	if opened != nil && opened.pos.Inode != inode(e.info) {
		return fmt.Errorf("%s: renamed while it was opened", e.path)
	}
	return nil
}

// since returns the file beside the path that was rotated next after that
// time, when the one at f.pos was changed last, and one rotated between them
// that may have held lines and cannot be read. Neither is the one that was
// opened at the path.
func (f *follower) since(after time.Time, opened *file) (next, missed entry, err error) {
	beside, err := f.beside()
	if err != nil {
		return entry{}, entry{}, err
	}
	slices.SortStableFunc(beside, func(a, b entry) int { return a.info.ModTime().Compare(b.info.ModTime()) })
	for _, e := range beside {
		was, node := e.info.ModTime(), inode(e.info)
		switch {
		case e.info.Size() == 0 || was.Before(after) || f.pos.done(node, was.UnixNano()):
		case f.file != nil && node == f.pos.Inode || opened != nil && node == opened.pos.Inode:
		case f.hidden(e):
			if was.After(after) { // else it is what was read, compressed
				missed = e
			}
		case numbered(filepath.Base(e.path), filepath.Base(f.path)):
			if copied, err := f.copied(e); err != nil || !copied {
				return e, missed, err
			}
		}
	}
	return entry{}, missed, nil
}

// hidden tells whether the entry may hold lines of the feed, and yet cannot be
// read: it was compressed, we may not, or it was moved away under a name that
// rotation does not give.
func (f *follower) hidden(e entry) bool {
	dir, name := filepath.Split(e.path)
	base := filepath.Base(f.path)
	plain, packed := unpacked(name)
	if packed {
		_, err := os.Lstat(filepath.Join(dir, plain)) // there while it is being compressed
		return numbered(plain, base) && errors.Is(err, fs.ErrNotExist)
	}
	opened, err := openFile(e.path)
	if err != nil {
		return numbered(name, base) && !errors.Is(err, fs.ErrNotExist)
	}
	defer opened.Close() //nolint:errcheck // it was only read
	if numbered(name, base) {
		return false
	}
	rest, named := strings.CutPrefix(name, base)
	if !named || !strings.ContainsAny(rest[:1], ".-") || !moved(e.info) {
		return false
	}
	line, err := feed.NewLineReader(opened, f.limit).Next()
	if err == nil {
		_, err = f.format(line)
	}
	return err == nil
}

// copied tells whether the file holds all that was read last, and so is a copy
// of it.
func (f *follower) copied(e entry) (bool, error) {
	if f.pos.LastAt < 0 {
		return false, nil
	}
	opened, err := openFile(e.path)
	if err != nil {
		return false, err
	}
	defer opened.Close() //nolint:errcheck // it was only read
	_, ok, err := holds(opened, f.pos, f.limit)
	return ok, err
}

// beside lists the regular files in the path's directory whose names begin like
// its own, the one changed last first.
func (f *follower) beside() ([]entry, error) {
	dir, base := filepath.Split(f.path)
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []entry
	for _, n := range names {
		if !n.Type().IsRegular() || !akin(n.Name(), base) {
			continue
		}
		info, err := n.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, entry{filepath.Join(dir, n.Name()), info})
	}
	slices.SortStableFunc(found, func(a, b entry) int {
		return cmp.Or(b.info.ModTime().Compare(a.info.ModTime()), strings.Compare(a.path, b.path))
	})
	return found, nil
}

// akin tells whether a file of that name may once have been the one named
// base. What it holds has the last word.
func akin(name, base string) bool {
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	return name != base && strings.HasPrefix(name, cmp.Or(stem, base))
}

// unpacked returns the name without what compressing appended to it.
func unpacked(name string) (plain string, packed bool) {
	switch ext := filepath.Ext(name); ext {
	case ".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z":
		return strings.TrimSuffix(name, ext), true
	}
	return name, false
}

// moved tells whether a file was renamed, or made up to look old, since it was
// changed last. One that is still written was not.
func moved(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && time.Unix(st.Ctim.Unix()).After(info.ModTime())
}

// numbered tells whether the name is what rotation makes of base: queue_log.1,
// queue_log-20261121, queue_log.old, and for app.log also app-20261121.log. It
// is strict, because such a file is read without its content being known:
// app-error.log is another log.
func numbered(name, base string) bool {
	rest, ok := strings.CutPrefix(name, base)
	if !ok {
		ext := filepath.Ext(base)
		rest = strings.TrimSuffix(strings.TrimPrefix(name, strings.TrimSuffix(base, ext)), ext)
	}
	return rest == ".old" || strings.ContainsAny(rest, "0123456789") && strings.Trim(rest, "0123456789.-_:TZ") == ""
}
