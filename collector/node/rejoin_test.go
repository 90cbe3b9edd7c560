package node

import (
	"errors"
	"testing"
)

func TestWhoARestoredServerIs(t *testing.T) {
	for name, c := range map[string]struct {
		self Self
		told int64
		role Role
		own  int64
		seen int64
	}{
		"alone":                              {Self{Role: Primary, Epoch: 1, EpochSeen: 1}, 0, Primary, 3, 3},
		"its twin never moved":               {Self{Role: Primary, Epoch: 1, EpochSeen: 1}, 1, Primary, 3, 3},
		"a secondary stays one":              {Self{Role: Secondary, Epoch: 0, EpochSeen: 1}, 1, Secondary, 0, 1},
		"its twin was promoted since":        {Self{Role: Primary, Epoch: 1, EpochSeen: 1}, 2, Secondary, 1, 2},
		"it was demoted and promoted since":  {Self{Role: Primary, Epoch: 1, EpochSeen: 1}, 3, Primary, 5, 5},
		"it was promoted since":              {Self{Role: Secondary, Epoch: 0, EpochSeen: 1}, 2, Primary, 4, 4},
		"it knows of more than its twin":     {Self{Role: Primary, Epoch: 1, EpochSeen: 4}, 2, Secondary, 1, 4},
		"its twin is lost, and was promoted": {Self{Role: Primary, Epoch: 1, EpochSeen: 2}, 0, Secondary, 1, 2},
		"a secondary whose twin is lost":     {Self{Role: Secondary, Epoch: 0, EpochSeen: 1}, 0, Secondary, 0, 1},
		"never had a primary":                {Self{Role: Secondary}, 0, Secondary, 0, 0},
	} {
		r := NewRejoin(Restored{}, c.self, c.told)
		if r.Role != c.role || r.Epoch != c.own || r.Seen != c.seen {
			t.Errorf("%s: %s by %d, seen %d; want %s by %d, seen %d", name, r.Role, r.Epoch, r.Seen, c.role, c.own, c.seen)
		}
		if r.Epoch%2 != c.self.Epoch%2 {
			t.Errorf("%s: %d is another server's epoch", name, r.Epoch)
		}
	}
}

func restored(t *testing.T, n *DB, seen int64) (Restored, Self) {
	t.Helper()
	if err := n.Restore(t.Context(), Restored{Backup: "b", Actor: "anna"}, seen); err != nil {
		t.Fatal(err)
	}
	held, err := n.Held(t.Context())
	if err != nil || held == nil {
		t.Fatal(held, err)
	}
	self, err := n.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return *held, self
}

func TestRejoinEndsTheHold(t *testing.T) {
	n := open(t)
	if err := n.Init(t.Context(), "cms-a", Primary); err != nil {
		t.Fatal(err)
	}
	held, self := restored(t, n, 3)
	r := NewRejoin(held, self, 3)
	r.Numbered = 12
	if err := n.Rejoin(t.Context(), r, "anna"); err != nil {
		t.Fatal(err)
	}
	now, err := n.Self(t.Context())
	if err != nil || now.Role != Primary || now.Epoch != 5 || now.EpochSeen != 5 || now.Superseded() || now.Since <= self.Since {
		t.Errorf("%+v, %v", now, err)
	}
	if still, err := n.Held(t.Context()); still != nil || err != nil {
		t.Errorf("%+v, %v", still, err)
	}
	if last, err := n.LastRestored(t.Context()); err != nil || last == nil || last.Mark != held.Mark {
		t.Errorf("%+v, %v: what is backed up from here on is another chain", last, err)
	}
	if err := n.Rejoin(t.Context(), r, "anna"); !errors.Is(err, ErrRejoin) {
		t.Errorf("twice: %v", err)
	}
	if number, err := n.LastBackupNumber(t.Context()); number != 12 || err != nil {
		t.Errorf("%d, %v: its next backup is older than what its twin has", number, err)
	}
	if _, err := n.AuditVerify(t.Context()); err != nil {
		t.Error(err)
	}
}

// What was shown to a person must be what is done.
func TestRejoinOfAnotherMoment(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *DB){
		"restored again": func(t *testing.T, n *DB) { restored(t, n, 0) },
		"the twin was promoted": func(t *testing.T, n *DB) {
			if _, err := n.Seen(t.Context(), 4); err != nil {
				t.Fatal(err)
			}
		},
		"its epoch is in use": func(t *testing.T, n *DB) { // by whoever runs on the files of before
			if _, err := n.Seen(t.Context(), 3); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t)
			if err := n.Init(t.Context(), "cms-a", Primary); err != nil {
				t.Fatal(err)
			}
			held, self := restored(t, n, 0)
			r := NewRejoin(held, self, 1)
			change(t, n)
			if err := n.Rejoin(t.Context(), r, "anna"); !errors.Is(err, ErrRejoin) {
				t.Errorf("%v", err)
			}
			if still, err := n.Held(t.Context()); still == nil || err != nil {
				t.Errorf("%+v, %v", still, err)
			}
		})
	}
}
