package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

// What goes on from a set that is gone, cannot be read or is another one cannot
// be restored, and neither can what goes on from that.
func TestBroken(t *testing.T) {
	set := func(number int64, kind Kind, sum, parent, parentSum string) Set {
		at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		s := Set{Named: Name{"a", at, number, kind}, Sum: sum}
		s.Manifest = Manifest{Name: s.Title(), Kind: kind, Number: number, At: record.At(at), Server: "A", ParentSum: parentSum}
		if parent != "" {
			s.Parent = "a-20261121T120000Z-" + parent
		}
		return s
	}
	full := set(1, Full, "s1", "", "")
	rotten := full
	rotten.Err, rotten.Manifest = ErrDamaged, Manifest{}
	first, second := set(2, Incremental, "s2", "000001-full", "s1"), set(3, Incremental, "s3", "000002-incremental", "s2")
	foreign := second
	foreign.Server = "B"
	circle := set(2, Incremental, "s2", "000003-incremental", "s3")
	for name, c := range map[string]struct {
		sets []Set
		want []string // what is said of each; "" of what can be restored
	}{
		"none":               {nil, nil},
		"whole":              {[]Set{full, first, second}, []string{"", "", ""}},
		"in any order":       {[]Set{second, full, first}, []string{"", "", ""}},
		"the full is gone":   {[]Set{first, second}, []string{"000002-incremental: D: 000001-full, which it goes on from, is not there", "000002-incremental: D: 000001-full, which it goes on from, is not there"}},
		"one between is":     {[]Set{full, second}, []string{"", "000003-incremental: D: 000002-incremental, which it goes on from, is not there"}},
		"cannot be read":     {[]Set{rotten, first}, []string{"000001-full: D", "000001-full: D"}},
		"another":            {[]Set{set(1, Full, "s9", "", ""), first}, []string{"", "000002-incremental: D: 000001-full is not the one that it goes on from"}},
		"of another server":  {[]Set{full, first, foreign}, []string{"", "", "000003-incremental: D: 000002-incremental is not the one that it goes on from"}},
		"they go in circles": {[]Set{circle, second}, []string{"000002-incremental: D: 000003-incremental is not the one that it goes on from", "000002-incremental: D: 000003-incremental is not the one that it goes on from"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range Broken(c.sets) {
				text := ""
				if err != nil {
					text = strings.NewReplacer("a-20261121T120000Z-", "", ErrDamaged.Error(), "D").Replace(err.Error())
				}
				if err != nil && !errors.Is(err, ErrDamaged) {
					t.Error(err)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The newest is what is asked for: where its manifest has rotted, an older one
// does not take its place unseen, and who drills learns which it is.
func TestADamagedManifestIsNotPassedOver(t *testing.T) {
	r := newRig(t, "cms-a")
	older := r.make(t, Full)
	newest := r.make(t, Full)
	write(t, filepath.Join(r.Work, newest.Title(), manifestFile), []byte("rot"))
	to := filepath.Join(t.TempDir(), "to")
	p, err := r.Plan(t.Context(), Wish{Server: newest.Server, Name: "cms-a", To: to})
	if !errors.Is(err, ErrDamaged) || p.Of != newest.Title() {
		t.Errorf("%q, %v", p.Of, err)
	}
	if p := r.plan(t, Wish{Server: newest.Server, Name: "cms-a", ID: older.Title()}); p.Of != older.Title() {
		t.Errorf("%q", p.Of)
	}
	if err := os.Rename(filepath.Join(r.Work, newest.Title()), filepath.Join(r.Work, strings.Replace(newest.Title(), "cms-a", "cms-b", 1))); err != nil {
		t.Fatal(err)
	}
	if p := r.plan(t, Wish{Server: newest.Server, Name: "cms-a"}); p.Of != older.Title() {
		t.Errorf("one of another server stands in the way: %q", p.Of)
	}
}

// locked is a destination of which some files may not be read.
type locked struct {
	Directory
	file string
}

func (l locked) Open(ctx context.Context, set, file string) (io.ReadCloser, error) {
	if file == l.file {
		return nil, &fs.PathError{Op: "open", Path: file, Err: fs.ErrPermission}
	}
	return l.Directory.Open(ctx, set, file)
}

// That somebody may not read a backup does not make it a bad one.
func TestWhatMayNotBeReadIsNotDamaged(t *testing.T) {
	r := newRig(t, "cms-a")
	full := r.make(t, Full)
	may := r.At
	for _, file := range []string{manifestFile, "history.db" + packed} {
		r.At = may
		p := r.plan(t, Wish{})
		r.At = locked{may.(Directory), file}
		says := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, fs.ErrPermission) || errors.Is(err, ErrDamaged) {
				t.Errorf("%s, %s: %v", what, file, err)
			}
		}
		says("verify", r.Verify(t.Context(), full.Title()))
		if file == manifestFile {
			_, err := r.Plan(t.Context(), Wish{})
			says("plan", err)
			_, err = r.Text(t.Context(), full.Title())
			says("send", err)
			continue
		}
		says("restore", r.Build(t.Context(), p))
		_, err := r.Drill(t.Context(), p, beside)
		says("drill", err)
	}
}
