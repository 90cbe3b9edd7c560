package admin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/audit"
)

// Whichever write fails, everything is as it was, and the retry works.
func TestAFailedWriteLeavesTheOldState(t *testing.T) {
	for _, write := range []string{
		"INSERT ON row", "DELETE ON row", "INSERT ON reference", "DELETE ON reference", "INSERT ON claim", "DELETE ON claim",
		"UPDATE ON state", "INSERT ON change_set", "INSERT ON change", "INSERT ON audit",
		"INSERT ON agreement", "INSERT ON agreed", "INSERT ON sent", "INSERT ON sent_row", "DELETE ON sent", "DELETE ON sent_row",
	} {
		t.Run(write, func(t *testing.T) {
			p := newPair(t)
			p.a.change(t, set("queue", "a", Body{}), set("queue", "b", Body{}), set("agent", "1", Body{"aliases": []string{"x"}}),
				set("queue-group", "g", Body{"queues": []string{"a"}}))
			p.sync(t)
			edits := []Edit{
				set("queue", "c", Body{}), set("queue", "a", Body{"name": "A"}), del("queue", "b"),
				set("agent", "1", Body{"aliases": []string{"y"}}), set("queue-group", "g", Body{"queues": []string{"c"}}),
			}
			failed := 0
			p.a.failing(t, write, &failed, func() error {
				_, err := p.a.Change(t.Context(), ann, edits, How{})
				return err
			})
			p.a.change(t, set("agent", "2", Body{}))
			f, ops := p.plan(t, nil)
			p.a.failing(t, write, &failed, func() error { return p.a.Sending(t.Context(), f, ops) })
			p.b.failing(t, write, &failed, func() error {
				_, err := p.b.Apply(t.Context(), bySync, f, ops)
				return err
			})
			p.a.failing(t, write, &failed, func() error {
				_, err := p.a.Agree(t.Context(), bySync, f.To, audit.Head{})
				return err
			})
			p.agrees(t, f)
			if failed == 0 {
				t.Error("nothing failed: nobody writes so")
			}
		})
	}
}

// failing runs do while a kind of write fails, checks that nothing changed, and
// runs it again.
func (s *server) failing(t *testing.T, write string, failed *int, do func() error) {
	t.Helper()
	if err := s.run(t, `CREATE TRIGGER failing BEFORE `+write+` BEGIN SELECT raise(ABORT, 'as on a bad day'); END`); err != nil {
		t.Fatal(err)
	}
	before, at := s.all(t), s.position(t)
	err := do()
	if dropErr := s.run(t, `DROP TRIGGER failing`); dropErr != nil {
		t.Fatal(dropErr)
	}
	if err == nil {
		return // it does not write so
	}
	if *failed++; !strings.Contains(err.Error(), "as on a bad day") {
		t.Fatal(err)
	}
	s.wants(t, before)
	if diff := cmp.Diff(at, s.position(t)); diff != "" {
		t.Error(diff)
	}
	if err := do(); err != nil {
		t.Errorf("the retry: %v", err)
	}
}
