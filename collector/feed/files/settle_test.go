package files

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/feed"
)

// A sticky storage does not let go of some files.
type sticky struct {
	feed.Storage
	holds func(name string) bool
}

func (s sticky) Rename(ctx context.Context, from, to string) error {
	if s.holds(path.Base(from)) {
		return fs.ErrPermission
	}
	return s.Storage.Rename(ctx, from, to)
}

func (s sticky) Remove(ctx context.Context, file string) error {
	if s.holds(path.Base(file)) {
		return fs.ErrPermission
	}
	return s.Storage.Remove(ctx, file)
}

// holding makes files of that beginning ones that cannot be moved.
func (s *site) holding(prefix string) {
	s.storage = sticky{local{}, func(name string) bool { return strings.HasPrefix(name, prefix) && !strings.HasSuffix(name, ".reason") }}
	if s.r.library != nil {
		s.r.close()
	}
}

// Whoever writes all files under one name is not stopped by those that lie in the
// archive, or among the wrong ones.
func TestOneNameForAll(t *testing.T) {
	s := newSite(t, archiving)
	for i := range 103 {
		s.write("cdr.csv", line(int64(i), "x"))
		s.sweep()
		s.write("cdr.csv", "nonsense\n")
		s.sweep()
	}
	long := strings.Repeat("c", 255)
	for range 102 {
		s.write(long, "nonsense\n")
		s.sweep()
	}
	if n := len(s.said()); n != 103 {
		t.Errorf("%d records", n)
	}
	s.wantNames(s.dir)
	s.wantNames(s.options.Stage)
	if good, bad := s.names(s.options.Archive), s.names(s.options.Error); len(good) != 103 || len(bad) != 2*103+2*102 {
		t.Errorf("%d were archived, %d are wrong", len(good), len(bad))
	}
}

// A file that cannot be put away is told and stays; others are read, and when it
// can be, it goes where it belongs.
func TestFileThatStays(t *testing.T) {
	for name, edit := range map[string]func(*options, string){remove: deleting, archive: func(o *options, root string) {
		archiving(o, root)
		o.Stage = ""
	}} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, edit)
			s.holding("held")
			s.write("held bad", "nonsense\n")
			s.write("held", line(1, "held"))
			s.write("b", line(2, "b"))
			s.sweep()
			s.write("c", line(3, "c"))
			s.sweep()
			s.want("1 held#0", "2 b#0", "3 c#0")
			s.wantNames(s.dir, "held", "held bad")
			s.wantNames(s.options.Error)
			if h := s.q.Health(); h.State != feed.Live || h.Err == nil || !strings.Contains(h.Err.Error(), "cannot be put away: permission denied") {
				t.Errorf("health: %+v", h)
			}
			s.wantRejected(`in/held bad, byte 0: no "|": not a line of queue_log`)
			s.holding("nothing")
			s.sweep()
			s.wantNames(s.dir)
			s.wantNames(s.options.Error, "held bad", "held bad.reason")
			if why := s.content(s.options.Error + "/held bad.reason"); !strings.HasPrefix(why, "1 pieces of it were rejected") {
				t.Error(why)
			}
			if h := s.q.Health(); h.Err != nil || len(s.r.staying) > 0 || len(s.r.ledger.done) > 0 {
				t.Errorf("health: %+v, %d stay", h, len(s.r.staying))
			}
		})
	}
}

// A restart reads what stayed again, and does with it what is to be done.
func TestFileThatStaysOverARestart(t *testing.T) {
	s := newSite(t, deleting)
	s.holding("held")
	s.write("held bad", line(1, "held")+"nonsense\n")
	s.write("b", line(2, "b"))
	s.sweep()
	s.storage = local{}
	s.restart()
	s.sweep()
	s.twice = 0 // held was read again
	s.want("1 held#0", "2 b#0")
	s.wantNames(s.dir)
	s.wantNames(s.options.Error, "held bad", "held bad.reason")
}

// What stayed and was taken away by somebody else is not remembered; and no more
// may stay than are.
func TestManyThatStay(t *testing.T) {
	s := newSite(t, deleting)
	s.holding("")
	for i := range maxStaying + 1 {
		s.write(fmt.Sprintf("%04d", i), line(int64(i), "x"))
	}
	for range 2 {
		if _, err := s.r.sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "0256: was read, and cannot be put away") {
			t.Errorf("with one more than may stay: %v", err)
		}
	}
	s.must(os.Remove(filepath.Join(s.dir, "0000")))
	s.sweep()
	s.write("bad", "nonsense\n")
	if _, err := s.r.sweep(t.Context()); err == nil {
		t.Error("there is one more again")
	}
	for _, name := range s.names(s.dir) {
		if name != "bad" {
			s.must(os.Remove(filepath.Join(s.dir, name)))
		}
	}
	s.sweep()
	if len(s.r.staying) != 1 || len(s.r.ledger.done) != 1 {
		t.Errorf("%d stay, %d are done with", len(s.r.staying), len(s.r.ledger.done))
	}
	s.holding("nothing")
	s.sweep()
	s.wantNames(s.options.Error, "bad", "bad.reason")
}

// A file that cannot be moved to the stage waits there, and no other does. Where
// none can be, it is the directory that is wrong.
func TestFileThatCannotBeClaimed(t *testing.T) {
	s := newSite(t, archiving)
	s.holding("held")
	s.write("held", line(1, "held"))
	if _, err := s.r.sweep(t.Context()); err == nil {
		t.Error("no file can be moved, and nothing is wrong")
	}
	s.write("b", line(2, "b"))
	s.sweep()
	s.want("2 b#0")
	s.wantNames(s.dir, "held")
	if h := s.q.Health(); h.Err == nil || !strings.Contains(h.Err.Error(), "held: move to the stage") {
		t.Errorf("health: %+v", h)
	}
	s.holding("nothing")
	s.sweep()
	s.want("2 b#0", "1 held#0")
	s.wantNames(s.options.Archive, "b", "held")
}

// A directory on another file system is found out before a file is to be moved
// there; and where it was not, the files are read.
func TestAnotherFileSystem(t *testing.T) {
	other, err := os.MkdirTemp("/dev/shm", "twin") //nolint:usetesting // it is to lie elsewhere
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(other) })
	s := newSite(t, func(o *options, root string) { o.After, o.Archive, o.Error = archive, other+"/archive", root+"/error" })
	if !apart(s.dir, other) {
		t.Skip("temporary files lie there too")
	}
	var failed []string
	for _, c := range s.r.source.Test(t.Context(), false) {
		if c.Result == feed.Fail {
			failed = append(failed, c.Name+": "+c.Text)
		}
	}
	if len(failed) != 1 || !strings.HasPrefix(failed[0], "list "+other+"/archive: it lies on another file system than "+s.dir) {
		t.Errorf("failed %q", failed)
	}
	s.write("a", line(1, "a"))
	s.sweep()
	s.write("b", line(2, "b"))
	s.sweep()
	s.want("1 a#0", "2 b#0")
	if got := s.names(s.dir); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("in it are %q", got)
	}
}
