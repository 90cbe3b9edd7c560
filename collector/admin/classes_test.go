package admin

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/store"
)

// Every table and column of the file has its class. A new one fails here until
// somebody has said whether it travels.
func TestEveryTableIsClassed(t *testing.T) {
	const (
		travels = "travels, row by row: what people administer, of every kind"
		drawn   = "local: drawn from the rows, and the same where they are"
		local   = "local: tells of this server alone"
	)
	want := map[string]string{
		"row": travels, "reference": drawn, "claim": drawn, "state": local, "change_set": local, "change": local,
		"agreement": local, "agreed": local, "sent": local, "sent_row": local, "audit": local,
		"attempt": local,
	}
	columns := []string{
		"kind: carried", "key: carried", "body: carried", "hash: follows from these", "base: local, agreed on by a sync",
	}
	s := open(t, primary)
	err := s.db.View(t.Context(), func(tx *store.Tx) error {
		tables, err := texts(t.Context(), tx, `SELECT name FROM sqlite_schema WHERE type = 'table'`)
		if err != nil {
			return err
		}
		for _, name := range tables {
			if want[name] == "" {
				t.Errorf("table %s has no class", name)
			}
			delete(want, name)
		}
		for name := range want {
			t.Errorf("table %s does not exist", name)
		}
		have, err := texts(t.Context(), tx, `SELECT name FROM pragma_table_info('row') ORDER BY cid`)
		var classed []string
		for _, c := range columns {
			name, _, _ := strings.Cut(c, ":")
			classed = append(classed, name)
		}
		if diff := cmp.Diff(classed, have); diff != "" {
			t.Error(diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Names that do harm elsewhere are names like others, or are refused.
func TestHostileNames(t *testing.T) {
	p := newPair(t)
	good := []string{
		`'; DROP TABLE row; --`, `../../x`, `a/b`, `%s%n`, `$(reboot)`, "`id`", `"quoted"`, `\`, `{"json":1}`, `[toml]`, `*`, `-rf`,
		"日本語", "שלום", "नमस्ते", "👩\u200d🚒", "\u00fcber", strings.Repeat("x", inert.MaxName),
	}
	for _, name := range good {
		p.a.change(t, set("queue", name, Body{"name": name}))
		row, err := p.a.Find(t.Context(), "queue", name)
		if err != nil || row.Key != name || row.Body.Text("name") != name {
			t.Errorf("%q: %+v, %v", name, row, err)
		}
	}
	f, _ := p.sync(t)
	p.agrees(t, f)
	if edits, err := p.b.Import(t.Context(), strings.NewReader(exported(t, p.a)), true); err != nil || len(edits) != 0 {
		t.Errorf("exported and imported: %+v, %v", edits, err)
	}
	for _, name := range []string{
		"", " ", "\x1b[2J", "a\nb", "a\x00b", "\u202egnp.exe", "\u2028", "\xff", "\ufeffx", strings.Repeat("x", inert.MaxName+1), strings.Repeat("é", 32<<10),
	} {
		_, err := p.a.Change(t.Context(), ann, []Edit{set("queue", name, Body{})}, How{})
		if !errors.Is(err, ErrInvalid) || inert.Text(err.Error()) != err.Error() {
			t.Errorf("%.40q as a key: %v", name, err)
		}
		if _, err := p.a.Find(t.Context(), "queue", name); !errors.Is(err, ErrNoRow) || inert.Text(err.Error()) != err.Error() {
			t.Errorf("%.40q looked for: %.200q", name, err)
		}
		if strings.TrimSpace(name) == "" {
			continue
		}
		_, err = p.a.Change(t.Context(), ann, []Edit{set("queue", "k", Body{"name": name})}, How{})
		if !errors.Is(err, ErrInvalid) || inert.Text(err.Error()) != err.Error() {
			t.Errorf("%.40q as a name: %v", name, err)
		}
	}
	p.a.wants(t, p.b.all(t))
}

// However a name is typed, it is found; two forms are one row.
func TestNamesInAnotherFormAreTheSame(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("queue", "Mu\u0308ller", Body{}))
	if done := s.change(t, set("queue", "M\u00fcller", Body{})); done.Generation != 0 {
		t.Errorf("the composed form is another row: %+v", done)
	}
	if row, err := s.Find(t.Context(), "queue", "Mu\u0308ller"); err != nil || row.Key != "M\u00fcller" {
		t.Errorf("%+v, %v", row, err)
	}
	s.change(t, set("queue-group", "g", Body{"queues": []string{"Mu\u0308ller"}}))
	if _, err := s.Change(t.Context(), ann, []Edit{del("queue", "Mu\u0308ller")}, How{}); !errors.Is(err, ErrReferenced) {
		t.Errorf("deleted while it is used: %v", err)
	}
}

// Many people change at once: each change is whole, and all are in the log.
func TestManyChangeAtOnce(t *testing.T) {
	s := open(t, primary)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 10 {
				_, err := s.Change(t.Context(), ann, []Edit{set("queue", "a", Body{"description": string(rune('a' + i))}), set("report", "", Body{"title": newID(), "question": "queue"})}, How{})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if p := s.position(t); p.Generation != 40 || p.Rows != 41 || p.Head.ID != 40 {
		t.Errorf("%+v", p)
	}
	if _, err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// A page at a time gives what all at once do.
func TestPendingInPages(t *testing.T) {
	p := newPair(t)
	p.a.change(t, manyRows(50)...)
	p.sync(t)
	p.a.change(t, manyRows(70)...)
	p.a.change(t, del("agent-group", "group 9"), set("agent", "3", Body{}))
	f, _ := p.sync(t)
	p.a.change(t, set("agent", "4", Body{}), set("queue", "a", Body{}))
	older, err := p.a.Agreements(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, since := range []int64{0, f.To, older[1].To} {
		want := pendingOf(t, p.a, since)
		var got []Pending
		for after := (Name{}); ; {
			var page []Pending
			err := p.a.Read(t.Context(), func(r *Reading) (err error) {
				page, err = r.Pending(t.Context(), since, Page{After: after, Limit: 3})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = Name{page[len(page)-1].Kind, page[len(page)-1].Key}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("since %d, %d rows:\n%s", since, len(want), diff)
		}
	}
}
