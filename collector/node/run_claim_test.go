package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twinctl/twin/collector/store"
)

func setSelf(t *testing.T, n *DB, role Role, epoch, seen int64) {
	t.Helper()
	if err := moveRole(t.Context(), n, role, epoch, seen); err != nil {
		t.Fatal(err)
	}
}

func moveRole(ctx context.Context, n *DB, role Role, epoch, seen int64) error {
	return n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE self SET role = ?, epoch = ?, epoch_seen = ?`, role, epoch, seen)
		return err
	})
}

func TestClaimsWantTheirRoleAndEpoch(t *testing.T) {
	for name, c := range map[string]struct {
		role        Role  // of the server, with
		epoch, seen int64 // these epochs
		wants       Role
		at          int64 // the epoch that the claimer knows
		ok          bool
	}{
		"primary":                    {Primary, 3, 3, Primary, 3, true},
		"primary, any":               {Primary, 3, 3, "", 3, true},
		"primary, of before":         {Primary, 3, 3, Primary, 1, false},
		"any, of before":             {Primary, 3, 3, "", 1, false},
		"primary, superseded":        {Primary, 3, 4, Primary, 3, false},
		"any, superseded":            {Primary, 3, 4, "", 3, true},
		"secondary wants primary":    {Secondary, 4, 4, Primary, 4, false},
		"secondary, any":             {Secondary, 4, 4, "", 4, true},
		"secondary":                  {Secondary, 4, 5, Secondary, 4, true},
		"primary wants secondary":    {Primary, 3, 3, Secondary, 3, false},
		"an epoch that never was":    {Primary, 3, 3, Primary, 9, false},
		"secondary of epoch nothing": {Secondary, 0, 7, Secondary, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			n, _ := ledgerOf(t, Primary)
			setSelf(t, n, c.role, c.epoch, c.seen)
			// The first one may, and must not be written if the second may not.
			any, wants := hourly(1, RunClaimed), hourly(2, RunClaimed)
			wants.Role = c.wants
			runs, err := n.ClaimRuns(t.Context(), c.at, []Claim{any, wants})
			rows, cursors := count(t, n, `SELECT count(*) FROM run`), count(t, n, `SELECT count(*) FROM run_cursor`)
			if c.ok && (err != nil || len(runs) != 2 || rows != 2 || cursors != 1) {
				t.Errorf("%v, %v: %d rows, %d cursors", runs, err, rows, cursors)
			}
			if !c.ok && (!errors.Is(err, ErrRole) || runs != nil || rows != 0 || cursors != 0) {
				t.Errorf("%v, %v: %d rows, %d cursors", runs, err, rows, cursors)
			}
		})
	}
}

func TestARunDoesNotStartInAnotherRole(t *testing.T) {
	n, self := ledgerOf(t, Primary)
	c := hourly(1, RunClaimed)
	c.Role = Primary
	only, any := claimOne(t, n, self.Epoch, c), claimOne(t, n, self.Epoch, hourly(2, RunClaimed))
	for _, is := range []struct {
		role        Role
		epoch, seen int64
	}{{Primary, 1, 2}, {Secondary, 2, 2}, {Primary, 3, 3}} {
		setSelf(t, n, is.role, is.epoch, is.seen)
		if err := n.StartRun(t.Context(), only.ID); !errors.Is(err, ErrRole) {
			t.Errorf("as %+v: %v", is, err)
		}
	}
	if err := n.StartRun(t.Context(), any.ID); err != nil {
		t.Error(err)
	}
	if err := n.EndRun(t.Context(), only.ID, RunEnd{State: RunCancelled, Reason: "role"}); err != nil {
		t.Error(err)
	}
}

// Another process moves the role back and forth while claims are made: a row
// for the primary is never written but under an epoch in which this server is
// primary, and no epoch is another than the one that the claimer knew.
func TestClaimsAndRolesNeverCross(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	a, err := Open(t.Context(), path, store.Create)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Init(t.Context(), "cms-a", Primary); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), path, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const moves = 60
	done := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		defer close(done)
		for i := int64(1); i <= moves; i++ { // odd epochs are those of a primary
			role := Primary
			if i%2 == 0 {
				role = Secondary
			}
			if err := moveRole(t.Context(), b, role, i, i); err != nil {
				t.Error(err)
			}
		}
	})
	claimed, refused := 0, 0
	for slot := 1; ; slot++ {
		select {
		case <-done:
			both.Wait()
			wrong := count(t, a, `SELECT count(*) FROM run WHERE epoch % 2 = 0 OR reason <> 'known at ' || epoch`)
			if rows := count(t, a, `SELECT count(*) FROM run`); wrong != 0 || rows != claimed {
				t.Errorf("%d of %d rows are wrong; %d were claimed", wrong, rows, claimed)
			}
			t.Logf("%d claimed, %d refused", claimed, refused)
			return
		default:
		}
		self, err := a.Self(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c := hourly(slot, RunClaimed)
		c.Role, c.Reason = Primary, fmt.Sprint("known at ", self.Epoch)
		switch _, err := a.ClaimRuns(t.Context(), self.Epoch, []Claim{c}); {
		case err == nil:
			claimed++
		case errors.Is(err, ErrRole):
			refused++
		default:
			t.Fatal(err)
		}
	}
}

func TestClaimsHaveBounds(t *testing.T) {
	n, self := ledgerOf(t, Primary)
	for name, spoil := range map[string]func(*Claim){
		"no timetable":     func(c *Claim) { c.Timetable = "" },
		"name":             func(c *Claim) { c.Name = "a\x1b[2J" },
		"actor":            func(c *Claim) { c.Actor = strings.Repeat("x", 300) },
		"trigger":          func(c *Claim) { c.Trigger = "" },
		"a trigger's line": func(c *Claim) { c.Trigger = "a\nb" },
		"no slot":          func(c *Claim) { c.Slot = 0 },
		"attempt":          func(c *Claim) { c.Attempt = 0 },
		"attempts":         func(c *Claim) { c.Attempt = MaxAttempt + 1 },
		"running":          func(c *Claim) { c.State = RunRunning },
		"ok":               func(c *Claim) { c.State = RunOK },
	} {
		bad := hourly(2, RunClaimed)
		spoil(&bad)
		if runs, err := n.ClaimRuns(t.Context(), self.Epoch, []Claim{hourly(1, RunClaimed), bad}); err == nil || runs != nil {
			t.Errorf("%s: claimed %v", name, runs)
		}
	}
	if _, err := n.ClaimRuns(t.Context(), self.Epoch, make([]Claim, MaxClaims+1)); err == nil || !strings.Contains(err.Error(), "at most 1000") {
		t.Errorf("too many: %v", err)
	}
	if rows := count(t, n, `SELECT count(*) FROM run`); rows != 0 {
		t.Errorf("%d rows", rows)
	}
	if runs, err := n.ClaimRuns(t.Context(), self.Epoch, nil); err != nil || runs != nil {
		t.Errorf("nothing: %v, %v", runs, err)
	}
}

func TestRunCursorsAreReadInPages(t *testing.T) {
	n, self := ledgerOf(t, Primary)
	want := 0
	for page := range 6 {
		claims := make([]Claim, MaxClaims)
		for i := range claims {
			claims[i] = Claim{Timetable: fmt.Sprint("tt-", page*MaxClaims+i), Through: slot0}
		}
		if _, err := n.ClaimRuns(t.Context(), self.Epoch, claims); err != nil {
			t.Fatal(err)
		}
		want += len(claims)
	}
	cursors, err := n.RunCursors(t.Context())
	if err != nil || len(cursors) != want || want <= cursorPage {
		t.Errorf("%d cursors, want %d: %v", len(cursors), want, err)
	}
	if rows := count(t, n, `SELECT count(*) FROM run`); rows != 0 {
		t.Errorf("%d rows", rows)
	}
}
