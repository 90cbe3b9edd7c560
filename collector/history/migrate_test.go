package history

import (
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A history that an older version wrote is brought up to date with all that is
// in it, and goes on.
func TestAnOlderHistoryGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	text, err := fs.ReadFile(migrations, "migrations/0001_records.sql")
	if err != nil {
		t.Fatal(err)
	}
	older, err := store.Open(t.Context(), path, store.Schema{
		App: 0x7477_6801, PageSize: 16 << 10, Migrations: fstest.MapFS{"migrations/0001_records.sql": {Data: text}},
	}, store.Create)
	if err != nil {
		t.Fatal(err)
	}
	r := said(0, "kept")
	sum := record.SumFrom(r.Digest).Bytes()
	err = older.Update(t.Context(), func(tx *store.Tx) error {
		for _, s := range []struct {
			statement string
			args      []any
		}{
			{`INSERT INTO feed (id, name, since, records, position, covered_until) VALUES (1, 'pbx', 5, 1, x'07', ?)`, []any{noon + 9}},
			{`INSERT INTO record (feed, at, digest, n, kind, origin, raw) VALUES (1, ?, ?, 0, 1, 0, ?)`, []any{r.At, r.Digest[:], r.Raw}},
			{`INSERT INTO bucket (feed, start, count, sum) VALUES (1, ?, 1, ?)`, []any{record.Bucket(r.At), sum[:]}},
			{`INSERT INTO coverage (feed, start, until, incarnation) VALUES (1, ?, ?, '')`, []any{noon, noon + 9}},
		} {
			if _, err := tx.Exec(s.statement, s.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := older.Close(); err != nil {
		t.Fatal(err)
	}

	h := openAt(t, path)
	if got := start(t, h, "pbx"); string(got.Position) != "\x07" || got.CoveredUntil != noon+9 {
		t.Errorf("starts from %+v", got)
	}
	if got := commit(t, h, "pbx", feed.Batch{Records: []record.Record{r, said(0, "fresh")}}); got != (Outcome{Added: 1, Duplicates: 1, Again: string(r.Raw)}) {
		t.Errorf("%+v", got)
	}
	want := Extent{First: noon, Last: noon, Since: 5, HeardFrom: noon, CoveredUntil: noon + 9, Records: 2}
	got, err := h.Extent(t.Context(), "pbx")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if heard, err := h.Heard(t.Context(), "pbx", always); err != nil || !cmp.Equal(heard, spans(noon, noon+9)) {
		t.Errorf("heard %v, %v", heard, err)
	}
}
