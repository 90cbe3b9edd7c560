package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/sync/bundle"
)

// A teller is a twin that answers what it is told to, through JSON as the link
// does. What is put it keeps.
type teller struct {
	answer func(verb string, args json.RawMessage) (any, error)
	put    map[string][]byte
	cut    int // of what is put, that many bytes come through; 0: all
}

var errCut = errors.New("the link is cut")

func (s *teller) Call(_ context.Context, verb string, args, answer any) error {
	asked, err := json.Marshal(args)
	if err != nil {
		return err
	}
	given, err := s.answer(verb, asked)
	if err != nil {
		return err
	}
	text, err := json.Marshal(given)
	if err != nil {
		return err
	}
	if len(text) > 1<<20 {
		return fmt.Errorf("an answer of %d bytes is no frame", len(text))
	}
	return json.Unmarshal(text, answer)
}

func (s *teller) Put(_ context.Context, path string, from io.ReaderAt, size int64) error {
	b, err := io.ReadAll(io.NewSectionReader(from, 0, size))
	if err != nil {
		return err
	}
	if s.cut > 0 && len(b) > s.cut {
		s.put[path] = b[:s.cut]
		return errCut
	}
	s.put[path] = b
	return nil
}

// numbered returns rows of a kind in order, edited since a base.
func numbered(n int) []bundle.Edited {
	all := make([]bundle.Edited, n)
	for i := range all {
		all[i] = bundle.Edited{Name: admin.Name{Kind: "queue", Key: fmt.Sprintf("%06d", i)}, Hash: h("a")}
	}
	return all
}

// paged answers the pages of rows as an honest twin does.
func paged(all []bundle.Edited, after *admin.Name) (page []bundle.Edited, more bool) {
	if after != nil {
		at, found := slices.BinarySearchFunc(all, *after, func(e bundle.Edited, n admin.Name) int { return e.Compare(n) })
		if found {
			at++
		}
		all = all[at:]
	}
	return all[:min(len(all), bundle.MaxEdits)], len(all) > bundle.MaxEdits
}

func TestEditsComeInPages(t *testing.T) {
	for _, n := range []int{0, 1, bundle.MaxEdits, bundle.MaxEdits + 1, 3*bundle.MaxEdits + 1} {
		all := numbered(n)
		asked := 0
		twin := &teller{answer: func(verb string, args json.RawMessage) (any, error) {
			asked++
			var q struct{ After *admin.Name }
			if err := json.Unmarshal(args, &q); err != nil {
				return nil, err
			}
			page, more := paged(all, q.After)
			if verb == bundle.VerbHashes {
				return bundle.HashesAnswer{Generation: 9, Rows: page, More: more}, nil
			}
			return bundle.DriftAnswer{Generation: 9, Since: 7, Edits: page, More: more}, nil
		}}
		var a bundle.HelloAnswer
		a.Hello.Position.Generation = 9
		a.Drift = bundle.DriftAnswer{Generation: 9, Since: 7}
		a.Drift.Edits, a.Drift.More = paged(all, nil)
		got, err := remote{twin}.drift(t.Context(), admin.Position{}, a)
		if err != nil || !slices.Equal(got, all) {
			t.Errorf("%d edits: %d came, %v", n, len(got), err)
		}
		if want := max(0, n-1) / bundle.MaxEdits; asked != want {
			t.Errorf("%d edits: asked %d times, want %d", n, asked, want)
		}
		got, err = remote{twin}.hashes(t.Context(), a)
		if err != nil || !slices.Equal(got, all) {
			t.Errorf("%d rows: %d came, %v", n, len(got), err)
		}
	}
}

func TestPagesThatCannotBe(t *testing.T) {
	two := numbered(2)
	same := []bundle.Edited{{Name: two[0].Name, Base: h("a"), Hash: h("a")}}
	for name, c := range map[string]struct {
		first bundle.DriftAnswer
		next  bundle.DriftAnswer
		want  error
	}{
		"out of order":         {bundle.DriftAnswer{Edits: []bundle.Edited{two[1], two[0]}}, bundle.DriftAnswer{}, ErrUntrusted},
		"twice":                {bundle.DriftAnswer{Edits: []bundle.Edited{two[0], two[0]}}, bundle.DriftAnswer{}, ErrUntrusted},
		"not edited":           {bundle.DriftAnswer{Edits: same}, bundle.DriftAnswer{}, ErrUntrusted},
		"a key that acts":      {bundle.DriftAnswer{Edits: []bundle.Edited{{Name: admin.Name{Kind: "queue", Key: "a\x1b[2J"}, Hash: h("a")}}}, bundle.DriftAnswer{}, ErrUntrusted},
		"a kind that acts":     {bundle.DriftAnswer{Edits: []bundle.Edited{{Name: admin.Name{Kind: "a\nb", Key: "x"}, Hash: h("a")}}}, bundle.DriftAnswer{}, ErrUntrusted},
		"a key without end":    {bundle.DriftAnswer{Edits: []bundle.Edited{{Name: admin.Name{Kind: "queue", Key: strings.Repeat("x", 257)}, Hash: h("a")}}}, bundle.DriftAnswer{}, ErrUntrusted},
		"more, and none":       {bundle.DriftAnswer{More: true}, bundle.DriftAnswer{}, ErrUntrusted},
		"the same page again":  {bundle.DriftAnswer{Edits: two, More: true}, bundle.DriftAnswer{Edits: two, More: true}, ErrUntrusted},
		"another generation":   {bundle.DriftAnswer{Edits: two[:1], More: true}, bundle.DriftAnswer{Generation: 1, Edits: two[1:]}, ErrMoved},
		"another base":         {bundle.DriftAnswer{Edits: two[:1], More: true}, bundle.DriftAnswer{Since: 1, Edits: two[1:]}, ErrMoved},
		"another base's root":  {bundle.DriftAnswer{Edits: two[:1], More: true}, bundle.DriftAnswer{Root: admin.Root{1}, Edits: two[1:]}, ErrMoved},
		"as it should be told": {bundle.DriftAnswer{Edits: two[:1], More: true}, bundle.DriftAnswer{Edits: two[1:]}, nil},
	} {
		twin := &teller{answer: func(string, json.RawMessage) (any, error) { return c.next, nil }}
		_, err := remote{twin}.drift(t.Context(), admin.Position{}, bundle.HelloAnswer{Drift: c.first})
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v: want %v", name, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		page bundle.HashesAnswer
		want error
	}{
		"with a base":        {bundle.HashesAnswer{Rows: []bundle.Edited{{Name: two[0].Name, Base: h("b"), Hash: h("a")}}}, ErrUntrusted},
		"without a hash":     {bundle.HashesAnswer{Rows: []bundle.Edited{{Name: two[0].Name}}}, ErrUntrusted},
		"another generation": {bundle.HashesAnswer{Generation: 1}, ErrMoved},
	} {
		twin := &teller{answer: func(string, json.RawMessage) (any, error) { return c.page, nil }}
		if _, err := (remote{twin}).hashes(t.Context(), bundle.HelloAnswer{}); !errors.Is(err, c.want) {
			t.Errorf("rows %s: %v: want %v", name, err, c.want)
		}
	}
	endless := 0
	_, err := pages("edits", numbered(1), true, func(admin.Name) ([]bundle.Edited, bool, error) {
		endless++
		return []bundle.Edited{{Name: admin.Name{Kind: "queue", Key: fmt.Sprintf("%09d", 1_000_000+endless)}, Hash: h("a")}}, true, nil
	})
	if !errors.Is(err, ErrUntrusted) || endless != maxEdits {
		t.Errorf("after %d pages: %v", endless, err)
	}
}

func TestRowsAreWhatTheirHashSays(t *testing.T) {
	have := map[admin.Name]admin.Body{}
	wanted := []Decision{}
	for i := range bundle.MaxNames + 7 {
		name := admin.Name{Kind: "queue", Key: fmt.Sprint(i)}
		if i%5 > 0 { // every fifth is gone
			have[name] = said(fmt.Sprint("<&> \x1b", i))
		}
		wanted = append(wanted, Decision{Name: name, Theirs: admin.Row{Kind: name.Kind, Key: name.Key, Body: have[name]}.Hash()})
	}
	tell := func(args json.RawMessage, most int) (a bundle.RowsAnswer) {
		var q bundle.RowsQuestion
		if err := json.Unmarshal(args, &q); err != nil {
			t.Error(err)
		}
		for _, n := range q.Names[:min(len(q.Names), most)] {
			a.Rows = append(a.Rows, admin.Row{Kind: n.Kind, Key: n.Key, Body: have[n]})
		}
		return a
	}
	for _, most := range []int{1000, 999, 1 << 20} {
		twin := &teller{answer: func(_ string, args json.RawMessage) (any, error) { return tell(args, most), nil }}
		got, err := remote{twin}.rows(t.Context(), wanted)
		if err != nil || len(got) != len(wanted) {
			t.Fatalf("%d at a time: %d came, %v", most, len(got), err)
		}
		for name, body := range have {
			if diff := cmp.Diff(body, got[name]); diff != "" {
				t.Fatalf("%s (-want +got)\n%s", name, diff)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(a *bundle.RowsAnswer)
		want   error
	}{
		"none":        {func(a *bundle.RowsAnswer) { a.Rows = nil }, ErrUntrusted},
		"too many":    {func(a *bundle.RowsAnswer) { a.Rows = append(a.Rows, a.Rows...) }, ErrUntrusted},
		"another row": {func(a *bundle.RowsAnswer) { a.Rows[0].Key = "x" }, ErrUntrusted},
		"edited":      {func(a *bundle.RowsAnswer) { a.Rows[1].Body = said("other") }, ErrMoved},
		"deleted":     {func(a *bundle.RowsAnswer) { a.Rows[1].Body = nil }, ErrMoved},
	} {
		twin := &teller{answer: func(_ string, args json.RawMessage) (any, error) {
			a := tell(args, 1<<20)
			c.change(&a)
			return a, nil
		}}
		if _, err := (remote{twin}).rows(t.Context(), wanted); !errors.Is(err, c.want) {
			t.Errorf("%s: %v: want %v", name, err, c.want)
		}
	}
}

func TestFieldsThatActAreRefused(t *testing.T) {
	for _, field := range []string{"a\x1b[2J", "a\nb", "", strings.Repeat("x", 257)} {
		row := admin.Row{Kind: "queue", Key: "x", Body: admin.Body{field: "y"}}
		twin := &teller{answer: func(string, json.RawMessage) (any, error) {
			return bundle.RowsAnswer{Rows: []admin.Row{row}}, nil
		}}
		wanted := []Decision{{Name: admin.Name{Kind: row.Kind, Key: row.Key}, Theirs: row.Hash()}}
		if _, err := (remote{twin}).rows(t.Context(), wanted); !errors.Is(err, ErrUntrusted) {
			t.Errorf("%q: %v", field, err)
		}
	}
}

func TestATwinCannotTellRowsWithoutEnd(t *testing.T) {
	body := admin.Body{"description": strings.Repeat("x", 60<<10)}
	wanted := []Decision{}
	for i := range maxBodies>>10/60 + 2 {
		name := admin.Name{Kind: "queue", Key: fmt.Sprint(i)}
		wanted = append(wanted, Decision{Name: name, Theirs: admin.Row{Kind: name.Kind, Key: name.Key, Body: body}.Hash()})
	}
	twin := &teller{answer: func(_ string, args json.RawMessage) (any, error) {
		var q bundle.RowsQuestion
		err := json.Unmarshal(args, &q)
		a := bundle.RowsAnswer{}
		for _, n := range q.Names[:min(len(q.Names), 8)] {
			a.Rows = append(a.Rows, admin.Row{Kind: n.Kind, Key: n.Key, Body: body})
		}
		return a, err
	}}
	if _, err := (remote{twin}).rows(t.Context(), wanted); !errors.Is(err, ErrUntrusted) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("%v", err)
	}
}

// spool answers as the end that keeps what has come of a large bundle.
type spool struct {
	teller
	have []byte
}

func (s *spool) take(t *testing.T) {
	t.Helper()
	for path, b := range s.put {
		e, err := bundle.ParseExtent(path)
		if err != nil {
			t.Fatal(err)
		}
		if need := int(e.At) + len(b); len(s.have) < need {
			s.have = append(s.have, make([]byte, need-len(s.have))...)
		}
		copy(s.have[e.At:], b)
	}
	clear(s.put)
}

func TestALargeBundleIsResumed(t *testing.T) {
	text := make([]byte, 3*bundle.PieceSize+77)
	for i := range text {
		text[i] = byte(i * i >> 7)
	}
	s := &spool{teller: teller{put: map[string][]byte{}, cut: bundle.PieceSize + 13}}
	applied, begun := 0, 0
	s.answer = func(verb string, args json.RawMessage) (any, error) {
		s.take(t)
		if verb == bundle.VerbApply {
			var q bundle.ApplyQuestion
			if err := json.Unmarshal(args, &q); err != nil || len(q.Bytes) > 0 || q.Name != bundle.DigestOf(s.have) {
				t.Errorf("asked to apply %s: %v", args, err)
			}
			applied++
			return bundle.ApplyAnswer{}, nil
		}
		var m bundle.Manifest
		if err := errors.Join(json.Unmarshal(args, &m), m.Check()); err != nil {
			return nil, err
		}
		missing, err := m.Missing(bytes.NewReader(s.have))
		return bundle.ChunksAnswer{Missing: missing}, err
	}
	tries := 0
	for ; tries < 10; tries++ {
		_, err := remote{s}.apply(t.Context(), text, bundle.ApplyQuestion{}, func(done int64) {
			if done == int64(len(text)) {
				begun++
			}
		})
		if err == nil {
			break
		}
		if !errors.Is(err, errCut) {
			t.Fatal(err)
		}
	}
	if tries != 3 || applied != 1 || begun != 1 {
		t.Errorf("after %d cuts it was applied %d times, begun %d", tries, applied, begun)
	}
}

func TestASmallBundleRidesInTheVerb(t *testing.T) {
	text := make([]byte, bundle.Inline)
	twin := &teller{answer: func(verb string, args json.RawMessage) (any, error) {
		var q bundle.ApplyQuestion
		if err := json.Unmarshal(args, &q); err != nil || verb != bundle.VerbApply {
			t.Errorf("%s: %v", verb, err)
		}
		if !bytes.Equal(q.Bytes, text) || q.Name != bundle.DigestOf(text) || q.From != "here" {
			t.Error("it is not what was sent")
		}
		if len(args) > 1<<20 {
			t.Errorf("%d bytes are no frame", len(args))
		}
		return bundle.ApplyAnswer{}, nil
	}}
	begun := 0
	if _, err := (remote{twin}).apply(t.Context(), text, bundle.ApplyQuestion{From: "here"}, func(int64) { begun++ }); err != nil || begun != 1 {
		t.Errorf("begun %d times: %v", begun, err)
	}
	lying := &teller{answer: func(string, json.RawMessage) (any, error) { return bundle.ChunksAnswer{Missing: []int{7}}, nil }}
	if _, err := (remote{lying}).apply(t.Context(), append(text, 0), bundle.ApplyQuestion{}, func(int64) {}); !errors.Is(err, ErrUntrusted) {
		t.Errorf("a piece that there is not: %v", err)
	}
}
