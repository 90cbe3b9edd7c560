package archive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/archive"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures/calls"
)

var noon = time.Date(2020, 11, 21, 12, 0, 0, 0, time.UTC)

// openHistory makes a history that knows the feed "old".
func openHistory(t testing.TB) *history.DB {
	t.Helper()
	h, err := history.Open(t.Context(), filepath.Join(t.TempDir(), history.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := h.Start(t.Context(), "old"); err != nil {
		t.Fatal(err)
	}
	return h
}

func file(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func packed(t interface {
	Helper()
	Fatal(args ...any)
}, data []byte,
) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func options(format string) archive.Options {
	return archive.Options{
		Feed: feed.Options{Name: "old", Format: format, FrameLimit: feed.DefaultFrameLimit},
		Kind: feed.Kind{Name: "tail", Code: 2},
	}
}

// keys returns what the feed holds.
func keys(t testing.TB, h *history.DB) []record.Key {
	t.Helper()
	all, err := h.Keys(t.Context(), "old", record.Span{From: 0, To: 1 << 60}, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// log is lines of queue_log, of which some are the same within a second.
func log(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "%d|%d.1|sales|NONE|ENTERQUEUE||5550001|1\n", noon.Unix()+int64(i/5), noon.Unix()+int64(i/3))
	}
	return b.Bytes()
}

// What a file holds is stored once, whether it is packed, brought in again, or
// was collected before: under the keys that numbering its lines gives.
func TestImport(t *testing.T) {
	h := openHistory(t)
	data := log(1000)
	var live []record.Record
	ordinals := feed.FileOrdinals()
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		r := record.New(record.At(noon.Add(time.Duration(i/5)*time.Second)), 0, []byte(line))
		r.N = ordinals.Next(r.At, r.Digest)
		live = append(live, r)
	}
	_, err := h.Commit(t.Context(), []history.Batch{{Feed: "old", Kind: 2, Batch: feed.Batch{Records: live[:300]}}})
	if err != nil {
		t.Fatal(err)
	}
	plain, zipped := file(t, "queue_log", data), file(t, "queue_log.gz", packed(t, data))
	opt := options("queue_log")
	check := func(what, path string, added, already int64) {
		t.Helper()
		done, err := archive.Import(t.Context(), h, []string{path}, opt)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		f := done.Files[0]
		if f.Records != 1000 || f.Added != added || f.Already != already || f.Rejected != 0 ||
			f.First != live[0].At || f.Last != live[999].At {
			t.Errorf("%s: %+v, want %d added and %d already", what, f, added, already)
		}
	}
	opt.DryRun = true
	check("dry run", plain, 700, 300)
	check("another dry run", zipped, 700, 300)
	opt.DryRun = false
	opt.Room = func(context.Context, time.Duration) int { return 7 }
	check("first", zipped, 700, 300)
	opt.Room = nil
	check("again", plain, 0, 1000)
	check("again, packed", zipped, 0, 1000)
	var want []record.Key
	for _, r := range live {
		want = append(want, r.Key)
	}
	got := keys(t, h)
	slices.SortFunc(want, record.Key.Compare)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if s, err := h.Summaries(t.Context()); err != nil || s["old"].Records != 1000 || s["old"].Duplicates != 0 {
		t.Errorf("%+v, %v; want 1000 records and no duplicate", s["old"], err)
	}
}

// Where the upstream says again what it said, identical records are one.
func TestImportOfRepeater(t *testing.T) {
	h := openHistory(t)
	opt := options("queue_log")
	opt.Kind.Repeats = true
	line := string(log(1))
	done, err := archive.Import(t.Context(), h, []string{file(t, "q", []byte(line+line))}, opt)
	if f := done.Files[0]; err != nil || f.Added != 1 || f.Already != 1 {
		t.Errorf("%+v, %v; want one", f, err)
	}
}

func TestImportRejects(t *testing.T) {
	h := openHistory(t)
	ahead := fmt.Sprintf("%d|1|q|a|ABANDON\n", time.Now().Add(2*time.Hour).Unix())
	long := "1|" + strings.Repeat("x", feed.DefaultFrameLimit) + "\n"
	data := "no line\n" + string(log(1)) + "\n" + ahead + long + string(log(1)) + "1795262400|half"
	done, err := archive.Import(t.Context(), h, []string{file(t, "q", []byte(data))}, options("queue_log"))
	if err != nil {
		t.Fatal(err)
	}
	f := done.Files[0]
	if f.Added != 2 || f.Rejected != 4 || len(f.Refusals) != 4 {
		t.Fatalf("%+v, want 2 records and 4 refusals", f)
	}
	for i, want := range []string{`1: no "|"`, "4: its time ", "5: line is longer than", "7: the file ends within it, after 15 bytes"} {
		if got := fmt.Sprintf("%d: %s", f.Refusals[i].Line, f.Refusals[i].Reason); !strings.HasPrefix(got, want) {
			t.Errorf("refusal %q, want %s", got, want)
		}
	}
}

// A file of another format ends the import, and says so. What was stored stays.
func TestImportOfOtherFiles(t *testing.T) {
	h := openHistory(t)
	good := file(t, "chr0001", calls.ECH(12, 1, []calls.Segment{
		{CallID: 5, Stop: noon, Start: noon, Disposition: 2}, {CallID: 8, Stop: noon, Start: noon, Disposition: 2},
	}))
	bad := file(t, "chr0002", calls.ECH(5, 2, []calls.Segment{{CallID: 9, Stop: noon, Start: noon}}))
	done, err := archive.Import(t.Context(), h, []string{good, bad, good}, options("ech"))
	if !errors.As(err, new(*feed.ShapeError)) || !strings.Contains(err.Error(), "version 5") || !strings.Contains(err.Error(), bad) {
		t.Errorf("%v, want the version and the file", err)
	}
	if len(done.Files) != 2 || done.Files[0].Added != 2 || done.Files[1].Added != 0 {
		t.Errorf("%+v", done)
	}
	if diff := cmp.Diff([]archive.Skipped{{First: 6, Last: 7, From: record.At(noon), Until: record.At(noon)}}, done.Files[0].Skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	for name, path := range map[string]string{
		"no such file": filepath.Join(t.TempDir(), "x"), "not a regular": t.TempDir(), "unpack": file(t, "x.gz", []byte("\x1f\x8bxxxxxxxxxx")),
		"unexpected EOF": file(t, "y.gz", packed(t, log(5000))[:300]),
	} {
		if _, err := archive.Import(t.Context(), h, []string{path}, options("queue_log")); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestImportEndsWithContext(t *testing.T) {
	h := openHistory(t)
	ctx, cancel := context.WithCancel(t.Context())
	opt := options("queue_log")
	opt.Room = func(context.Context, time.Duration) int { cancel(); return 1 }
	_, err := archive.Import(ctx, h, []string{file(t, "q", log(100))}, opt)
	if !errors.Is(err, context.Canceled) || len(keys(t, h)) > 1 {
		t.Errorf("%v, and %d records", err, len(keys(t, h)))
	}
}

// A claim fills the gaps that lie in it, and reaches back before the first that
// was heard; nothing else does.
func TestClaim(t *testing.T) {
	h := openHistory(t)
	at := func(hours int) record.Instant { return record.At(noon.Add(time.Duration(hours) * time.Hour)) }
	marks := []feed.Mark{
		{What: feed.BeginMark, From: at(0), Told: at(0), Begin: &feed.Session{From: at(0)}},
		{What: feed.ProofMark, Until: at(1)},
		{What: feed.EndMark, Reason: feed.Mute},
		{What: feed.BeginMark, From: at(3), Told: at(3), Begin: &feed.Session{From: at(3)}},
		{What: feed.ProofMark, Until: at(4)},
	}
	if _, err := h.Commit(t.Context(), []history.Batch{{Feed: "old", Kind: 2, Batch: feed.Batch{Marks: marks}}}); err != nil {
		t.Fatal(err)
	}
	open := func() (all []record.Span) {
		t.Helper()
		all, err := h.OpenGaps(t.Context(), "old", true)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if _, err := archive.Import(t.Context(), h, []string{file(t, "q", log(10))}, options("queue_log")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]record.Span{{From: at(1), To: at(3)}}, open()); diff != "" {
		t.Errorf("after an import (-want +got):\n%s", diff)
	}
	if n, err := h.Claim(t.Context(), "old", record.Span{From: at(-5), To: at(2)}); n != 2 || err != nil {
		t.Errorf("filled %d, %v; want 2", n, err)
	}
	if diff := cmp.Diff([]record.Span{{From: at(2), To: at(3)}}, open()); diff != "" {
		t.Errorf("after a claim (-want +got):\n%s", diff)
	}
}

// What numbers show to be missing in a file is not claimed, unless it stands in
// another one: a call that went on when the first file ended.
func TestClaimOfSkippedNumbers(t *testing.T) {
	h := openHistory(t)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	call := func(id uint32, begun, ended int) calls.Segment {
		return calls.Segment{CallID: id, Number: 1, Start: at(begun), Stop: at(ended), Disposition: 2}
	}
	first := file(t, "chr1", calls.ECH(12, 1, []calls.Segment{call(1, 0, 1), call(2, 2, 3), call(4, 5, 6), call(6, 7, 8)}))
	second := file(t, "chr2", calls.ECH(12, 2, []calls.Segment{call(5, 7, 10), call(7, 10, 11)}))
	for _, missing := range [][]record.Span{
		{{From: record.At(at(3)), To: record.At(at(6)) + 1}, {From: record.At(at(6)), To: record.At(at(8)) + 1}},
		{{From: record.At(at(3)), To: record.At(at(6)) + 1}},
	} {
		done, err := archive.Import(t.Context(), h, []string{first, second}[:3-len(missing)], options("ech"))
		if diff := cmp.Diff(missing, done.Missing); err != nil || diff != "" {
			t.Fatalf("%v; missing (-want +got):\n%s", err, diff)
		}
		if _, err := h.Claim(t.Context(), "old", record.Span{From: record.At(at(0)), To: record.At(at(20))}, done.Missing...); err != nil {
			t.Fatal(err)
		}
		open, err := h.OpenGaps(t.Context(), "old", true)
		if err != nil {
			t.Fatalf("open %v, %v", open, err)
		}
		if diff := cmp.Diff(record.Union(missing), record.Intersect(open, []record.Span{{From: record.At(at(0)), To: record.At(at(20))}})); diff != "" {
			t.Errorf("open (-want +got):\n%s", diff)
		}
	}
}

// What is missing between files is told, in whichever order they are given.
func TestSkippedBetweenFiles(t *testing.T) {
	h := openHistory(t)
	part := func(name string, ids ...int) string {
		var all []calls.Segment
		for _, id := range ids {
			at := noon.Add(time.Duration(id) * time.Minute)
			all = append(all, calls.Segment{CallID: uint32(id), Number: 1, Start: at, Stop: at.Add(time.Minute), Disposition: 2})
		}
		return file(t, name, calls.ECH(12, 1, all))
	}
	first, second, third := part("chr1", 1, 2), part("chr2", 3, 4, 5), part("chr3", 6, 7)
	lost := archive.Skipped{First: 3, Last: 5, From: record.At(noon.Add(3 * time.Minute)), Until: record.At(noon.Add(7 * time.Minute))}
	for _, c := range []struct {
		files []string
		want  []archive.Skipped
	}{
		{[]string{first, third}, []archive.Skipped{lost}},
		{[]string{third, first}, []archive.Skipped{lost}},
		{[]string{third, first, second}, []archive.Skipped{}},
	} {
		done, err := archive.Import(t.Context(), h, c.files, options("ech"))
		if diff := cmp.Diff(c.want, done.Skipped); err != nil || diff != "" || len(done.Missing) != len(c.want) {
			t.Errorf("%v; missing in time: %v; skipped (-want +got):\n%s", err, done.Missing, diff)
		}
	}
}

// A file that goes on without a line end is none of the format: it is not read
// for hours, and what came before stays.
func TestImportOfALineWithoutEnd(t *testing.T) {
	h := openHistory(t)
	path := file(t, "f", []byte("1262340000|a\n"))
	if err := os.Truncate(path, 4<<40); err != nil {
		t.Skip(err)
	}
	done, err := archive.Import(t.Context(), h, []string{path}, options("queue_log"))
	if !errors.As(err, new(*feed.ShapeError)) || !strings.Contains(err.Error(), "there is no line end in the ") {
		t.Errorf("imported with %v", err)
	}
	if len(done.Files) != 1 || done.Files[0].Added != 1 {
		t.Errorf("imported %+v", done)
	}
}
