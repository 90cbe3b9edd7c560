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
	"time"
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
			if (inode(e.info) == p.Inode) != same || !same && p.LastAt < 0 {
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
	found := &file{File: opened, pos: p}
	head, ok, err := holds(opened, &p, f.limit)
	if ok && err == nil {
		found.known.head = head
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
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if f.pos != nil {
		older, errSince := f.since(after, found)
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
// time, when the one at f.pos was changed last. It is not the one that was
// opened at the path.
func (f *follower) since(after time.Time, opened *file) (entry, error) {
	beside, err := f.beside()
	if err != nil {
		return entry{}, err
	}
	slices.SortStableFunc(beside, func(a, b entry) int { return a.info.ModTime().Compare(b.info.ModTime()) })
	for _, e := range beside {
		was, node := e.info.ModTime(), inode(e.info)
		switch {
		case e.info.Size() == 0 || was.Before(after) || !numbered(filepath.Base(e.path), filepath.Base(f.path)):
		case f.pos.done(node, was.UnixNano()):
		case f.file != nil && node == f.pos.Inode || opened != nil && node == opened.pos.Inode:
		case f.copied(e):
		default:
			return e, nil
		}
	}
	return entry{}, nil
}

// copied tells whether the file holds all that was read last, and so is a copy
// of it. One that cannot be read is left alone as well.
func (f *follower) copied(e entry) bool {
	opened, err := openFile(e.path)
	if err != nil {
		f.log.Warn("cannot read a rotated file", "path", e.path, "err", err)
		return true
	}
	defer opened.Close() //nolint:errcheck // it was only read
	if f.pos.LastAt < 0 {
		return false
	}
	_, ok, err := holds(opened, f.pos, f.limit)
	return ok || err != nil
}

// beside lists the uncompressed regular files in the path's directory whose
// names begin like its own, the one changed last first.
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
	switch filepath.Ext(name) {
	case ".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z":
		return false
	}
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	return name != base && strings.HasPrefix(name, cmp.Or(stem, base))
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
