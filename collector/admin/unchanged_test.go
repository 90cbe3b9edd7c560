package admin

import (
	"testing"

	"github.com/twinctl/twin/collector/record"
)

// Since when a row is as it is: what does not count does not move it, and what
// was deleted and is back began anew. The secondary has it since the sync.
func TestSinceWhenARowIsUnchanged(t *testing.T) {
	p := newPair(t)
	named := func(before, after Body) bool { return before.Text("name") == after.Text("name") }
	since := func(s *server) (at record.Instant) {
		t.Helper()
		err := s.Read(t.Context(), func(r *Reading) (err error) {
			at, err = r.UnchangedSince(t.Context(), Name{"queue", "a"}, named)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	p.a.change(t, set("queue", "b", Body{}))
	if at := since(p.a); at != 0 {
		t.Errorf("what never was: %v", at)
	}
	made := p.a.change(t, set("queue", "a", Body{"name": "A"})).At
	p.a.change(t, set("queue", "a", Body{"name": "A", "description": "first"}))
	if at := since(p.a); at != made {
		t.Errorf("%v, want that of when it was made, %v", at, made)
	}
	p.sync(t)
	sets, err := p.b.Log(t.Context(), 0, 1)
	if err != nil || since(p.b) != sets[0].At || sets[0].At <= made {
		t.Errorf("on the secondary since %v: %+v, %v", since(p.b), sets, err)
	}
	renamed := p.a.change(t, set("queue", "a", Body{"name": "X"})).At
	p.a.change(t, set("queue", "a", Body{"name": "X", "description": "second"}))
	if at := since(p.a); at != renamed {
		t.Errorf("%v, want that of its new name, %v", at, renamed)
	}
	p.a.change(t, del("queue", "a"))
	if at := since(p.a); at != 0 {
		t.Errorf("what is gone: %v", at)
	}
	if back := p.a.change(t, set("queue", "a", Body{"name": "X"})).At; since(p.a) != back {
		t.Errorf("%v, want that of when it came back, %v", since(p.a), back)
	}
}
