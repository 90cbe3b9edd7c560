package apply_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/push"
)

func TestTheSecondaryBecomesThePrimary(t *testing.T) {
	p := newPair(t)
	p.a.set(t, "queue", "sales", admin.Body{"name": "Sales"})
	p.works(t)
	p.a.fill(t, 3*bundle.MaxEdits) // more than rides in the verb, and than one page tells
	p.works(t)
	if _, err := p.b.Row(t.Context(), admin.Name{Kind: "queue", Key: "q00007"}); err != nil {
		t.Error(err)
	}
	p.a.set(t, "queue", "q00007", nil)
	p.works(t)
	if _, err := p.b.Row(t.Context(), admin.Name{Kind: "queue", Key: "q00007"}); !errors.Is(err, admin.ErrNoRow) {
		t.Errorf("deleted: %v", err)
	}
	if got := same(t, p.b.dir); len(got) != apply.Snapshots {
		t.Errorf("%v", got)
	}
	sets, err := p.b.Log(t.Context(), 0, 1)
	if err != nil || len(sets) != 1 || sets[0].Actor != "ann" || sets[0].Verb != "sync" || sets[0].Drift {
		t.Errorf("%+v, %v", sets, err)
	}
	told, err := p.b.Summary(t.Context())
	if err != nil || told.Checked == 0 || told.TwinGeneration != p.a.at(t).Generation {
		t.Errorf("it knows of its twin %+v, %v", told, err)
	}
}

// Pages, bodies and bases of many rows go the other way.
func TestManyEditsComeBack(t *testing.T) {
	p := newPair(t)
	p.a.set(t, "queue", "sales", admin.Body{"name": "Sales"})
	p.works(t)
	var edits []admin.Edit
	for i := range 2*bundle.MaxEdits + 1 {
		key := fmt.Sprintf("%s%05d", strings.Repeat("<&>", 60), i) // JSON makes six of each
		edits = append(edits, admin.Edit{Kind: "queue", Key: key, Body: admin.Body{"name": key}})
	}
	edits = append(edits, admin.Edit{Kind: "queue", Key: "sales"})
	by := admin.Author{Actor: "bob", From: "local", Verb: "admin.set", OnSecondary: true}
	if _, err := p.b.Change(t.Context(), by, edits, admin.How{}); err != nil {
		t.Fatal(err)
	}
	p.how.Choices.Drift = push.DriftAdopt
	p.works(t)
	if n, err := p.a.Counts(t.Context()); err != nil || n["queue"] != 2*bundle.MaxEdits+1 {
		t.Errorf("%v, %v", n, err)
	}
}

func TestAFirstSyncReadsAllRows(t *testing.T) {
	p := newPair(t)
	p.a.fill(t, bundle.MaxEdits+2)
	p.works(t)
	fresh := newPair(t)
	fresh.a = p.a
	to := admin.TwinAudit{Pair: "P", Twin: "cms-b"} // it began anew
	if _, err := fresh.a.AcceptTwin(t.Context(), byAnn, to); err != nil {
		t.Fatal(err)
	}
	fresh.b.set(t, "queue", "night", admin.Body{"name": "Night"})
	if _, err := fresh.sync(t); !errors.Is(err, push.ErrFirst) {
		t.Fatalf("not asked for: %v", err)
	}
	fresh.how.First, fresh.how.Choices.Resolve = true, map[admin.Name]push.Side{{Kind: "queue", Key: "night"}: push.Secondary}
	fresh.works(t)
}

// Whoever is not this secondary's primary is told why, and nothing is changed.
func TestWhoIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p *pair)
		want   error // of the taker's own judgement
	}{
		"another server": {func(p *pair) { p.a.who.Server = "C" }, bundle.ErrPair},
		"another name":   {func(p *pair) { p.a.who.Name = "\x1b[2J" }, bundle.ErrPair},
		"another pair":   {func(p *pair) { p.h.Who.Pair = "Q" }, bundle.ErrPair},
		"a lower epoch":  {func(p *pair) { p.h.Who.Epoch++ }, bundle.ErrEpoch},
		"a secondary":    {func(p *pair) { p.a.who.Role = node.Secondary }, bundle.ErrRole},
		"another king":   {func(p *pair) { p.a.who.Role = "king" }, bundle.ErrUntrusted},
		"two primaries":  {func(p *pair) { p.h.Who.Role = node.Primary }, bundle.ErrRole},
	} {
		p := newPair(t)
		p.a.set(t, "queue", "sales", admin.Body{"name": "Sales"})
		c.change(p)
		theirs := p.a.who
		theirs.Position = p.a.at(t)
		before := p.b.at(t)
		if _, err := p.h.Answer(t.Context(), bundle.VerbHello, asJSON(t, bundle.HelloQuestion{Hello: theirs})); !errors.Is(err, c.want) {
			t.Errorf("%s: %v: want %v", name, err, c.want)
		}
		if told, err := p.b.Summary(t.Context()); err != nil || told.Checked != 0 || p.b.at(t) != before {
			t.Errorf("%s: it is noted: %+v, %v", name, told, err)
		}
	}
}

func TestQuestionsThatAreNone(t *testing.T) {
	p := newPair(t)
	names := make([]admin.Name, bundle.MaxNames+1)
	for verb, all := range map[string][]string{
		bundle.VerbHello:  {``, `[]`, `{"hello":{"position":{"root":"xyz"}}}`, `{"hello":{"epoch":1e99}}`},
		bundle.VerbDrift:  {``, `"x"`, `{"root":"00"}`},
		bundle.VerbHashes: {``, `{"after":7}`},
		bundle.VerbRows:   {``, `{}`, `{"names":[]}`, string(asJSON(t, bundle.RowsQuestion{Names: names}))},
		bundle.VerbChunks: {``, `{}`, `{"name":"../x"}`, `{"size":-1}`},
		bundle.VerbApply:  {``, `{}`, `{"name":"../../x"}`, `{"bytes":"!"}`, string(asJSON(t, bundle.ApplyQuestion{Bytes: make([]byte, bundle.Inline+1)}))},
		"sync.drop":       {`{}`},
		"":                {`{}`},
	} {
		for _, args := range all {
			_, err := p.h.Answer(t.Context(), verb, json.RawMessage(args))
			known := false
			for _, sentinel := range []error{apply.ErrQuestion, apply.ErrVerb, apply.ErrIncomplete, bundle.ErrBundle, bundle.ErrUntrusted} {
				known = known || errors.Is(err, sentinel)
			}
			if !known {
				t.Errorf("%s %.40s: %v", verb, args, err)
			}
		}
	}
	for _, path := range []string{"", "bundles", "bundles/../../x", "bundles/" + bundle.DigestOf(nil).String() + "/0/0", "records/x"} {
		if u, err := p.h.Create(path); !errors.Is(err, bundle.ErrBundle) || u != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	if got := same(t, p.b.dir); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
	p.h.Who.Role = node.Primary
	for _, verb := range []string{bundle.VerbChunks, bundle.VerbApply} {
		if _, err := p.h.Answer(t.Context(), verb, json.RawMessage(`{}`)); !errors.Is(err, bundle.ErrRole) {
			t.Errorf("a primary takes %s: %v", verb, err)
		}
	}
	if _, err := p.h.Create(bundle.Extent{Size: 1}.Path()); !errors.Is(err, bundle.ErrRole) {
		t.Errorf("a primary takes a file: %v", err)
	}
}

// A base that is not held here, or whose number means another one, is answered
// from our own.
func TestEditsSinceWhichBase(t *testing.T) {
	p := newPair(t)
	for i := range 3 {
		p.a.set(t, "queue", fmt.Sprint(i), admin.Body{})
		p.works(t)
	}
	own := p.b.at(t)
	bases, err := p.b.Agreements(t.Context())
	if err != nil || len(bases) != 3 {
		t.Fatalf("%+v, %v", bases, err)
	}
	p.b.set(t, "queue", "0", nil)
	for name, c := range map[string]struct {
		q     bundle.DriftQuestion
		since int64
		edits int
	}{
		"our own":               {bundle.DriftQuestion{Since: own.BaseGeneration, Root: own.BaseRoot}, own.BaseGeneration, 1},
		"an older one":          {bundle.DriftQuestion{Since: bases[2].To, Root: bases[2].Target}, bases[2].To, 3},
		"another of the number": {bundle.DriftQuestion{Since: bases[2].To, Root: admin.Root{1}}, own.BaseGeneration, 1},
		"none":                  {bundle.DriftQuestion{}, own.BaseGeneration, 1},
		"one from the future":   {bundle.DriftQuestion{Since: 1 << 62, Root: own.BaseRoot}, own.BaseGeneration, 1},
		"one below zero":        {bundle.DriftQuestion{Since: -1, Root: own.BaseRoot}, own.BaseGeneration, 1},
		"behind the last":       {bundle.DriftQuestion{Since: own.BaseGeneration, Root: own.BaseRoot, After: &admin.Name{Kind: "queue", Key: "0"}}, own.BaseGeneration, 0},
	} {
		given, err := p.h.Answer(t.Context(), bundle.VerbDrift, asJSON(t, c.q))
		a, _ := given.(bundle.DriftAnswer)
		if err != nil || a.Since != c.since || len(a.Edits) != c.edits || a.More || a.Generation != p.b.at(t).Generation {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

func TestRowsAreToldUntilAnAnswerIsFull(t *testing.T) {
	p := newPair(t)
	long := strings.Repeat("<", 250)
	var q bundle.RowsQuestion
	for i := range 1000 {
		q.Names = append(q.Names, admin.Name{Kind: "queue", Key: fmt.Sprintf("%04d", i)}, admin.Name{Kind: "'; DROP TABLE row", Key: "\x1b"})
		p.a.set(t, "queue", fmt.Sprintf("%04d", i), admin.Body{"name": long})
	}
	q.Names = q.Names[:bundle.MaxNames]
	p.works(t)
	given, err := p.h.Answer(t.Context(), bundle.VerbRows, asJSON(t, q))
	if err != nil {
		t.Fatal(err)
	}
	a := given.(bundle.RowsAnswer)
	if text := asJSON(t, a); len(text) > bundle.MaxTold+1000 || len(a.Rows) == 0 || len(a.Rows) == len(q.Names) {
		t.Errorf("%d rows in %d bytes", len(a.Rows), len(text))
	}
	for i, row := range a.Rows {
		if (admin.Name{Kind: row.Kind, Key: row.Key}) != q.Names[i] || (row.Body == nil) != (i%2 == 1) {
			t.Fatalf("row %d: %+v", i, row)
		}
	}
}

func TestSnapshotsAreWhatWas(t *testing.T) {
	p := newPair(t)
	var roots []admin.Root
	var names []string
	for i := range 5 {
		at := p.b.at(t)
		roots, names = append(roots, at.Root), append(names, fmt.Sprintf("snapshots/admin-%d.db", at.Generation))
		p.a.set(t, "queue", fmt.Sprint(i), admin.Body{})
		p.works(t)
	}
	got := same(t, p.b.dir)
	for i, name := range names {
		_, kept := got[name]
		if kept != (i >= 2) {
			t.Errorf("%s is kept: %t; %v", name, kept, got)
		}
		if !kept {
			continue
		}
		was, err := admin.Open(t.Context(), filepath.Join(p.b.dir, name), store.Use, admin.Options{NodePath: p.b.beside.Path(), Guard: guard})
		if err != nil {
			t.Fatal(err)
		}
		at, err := was.Position(t.Context())
		if err := errors.Join(err, was.Close()); err != nil || at.Root != roots[i] {
			t.Errorf("%s: %+v, %v", name, at, err)
		}
	}
	for _, name := range []string{"notes", "admin-x.db", "admin-01.db", "admin-7.db.bak"} {
		if err := os.WriteFile(filepath.Join(p.b.dir, "snapshots", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.a.set(t, "queue", "last", admin.Body{})
	if _, err := p.sync(t); err != nil {
		t.Fatal(err)
	}
	got = same(t, p.b.dir)
	maps.DeleteFunc(got, func(name string, _ int64) bool {
		return !strings.Contains(name, names[2]) && (strings.HasSuffix(name, "-wal") || strings.HasSuffix(name, "-shm")) // opened above
	})
	if len(got) != apply.Snapshots+4 {
		t.Errorf("what is not ours was removed, or a log was left: %v", got)
	}
}
