//go:build real

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/twinctl/twin/collector/node"
)

// TestRealKilledInASwitchover ends a twind with SIGKILL where a program of the
// site is called, which is before and after each step that moves the role, on
// either server and whichever of the two goes through it. It is started again and
// the switch-over gone on with: then one of the two is primary, both journals are
// closed, and no slot began twice.
func TestRealKilledInASwitchover(t *testing.T) {
	for _, c := range []struct{ point, on string }{
		{"pre_switch", "giver"},
		{"pre_switch", "taker"},
		{"pre_demote", "giver"},
		{"post_demote", "giver"},
		{"pre_promote", "taker"},
		{"post_promote", "taker"},
		{"post_switch", "giver"},
		{"post_switch", "taker"},
	} {
		for _, typed := range []string{"giver", "taker"} {
			for _, then := range []string{"--resume", "--abort"} {
				t.Run(fmt.Sprintf("%s of the %s, run on the %s, %s", c.point, c.on, typed, then), func(t *testing.T) {
					t.Parallel()
					killedAt(t, c.point, c.on == "giver", typed == "giver", then)
				})
			}
		}
	}
}

func killedAt(t *testing.T, point string, giver, typed bool, then string) {
	w := newTwins(t)
	pick := func(giver bool) *server {
		if giver {
			return w.a
		}
		return w.b
	}
	dies, runs := pick(giver), pick(typed)
	dies.deadlyHook(point)
	ctl(t, append(often, w.a.config)...)
	w.start()
	a := w.a.nodeDB(t)
	eventually(t, patience, "it runs each second", func() bool { return len(began(t, a)) > 0 })

	moved := make(chan int, 1)
	go func() {
		_, exit, _ := tryCtl(t, "switchover", "--yes", "--config", runs.config)
		moved <- exit
	}()
	if status, _ := dies.wait(patience); status == 0 {
		t.Fatal("it was to be killed")
	}
	dies.start()
	exit := <-moved
	eventually(t, patience, "both run", func() bool { return w.a.well() && w.b.well() })
	if moving(t, w.a) || moving(t, w.b) {
		if _, exit, said := tryCtl(t, "switchover", then, "--config", runs.config); exit != 0 && (exit != 4 || then == "--resume") { // 4: it was promoted already
			t.Errorf("%s: exit status %d: %s", then, exit, said)
		}
	} else if exit != 0 && exit != 1 {
		t.Errorf("it is over, with exit status %d", exit)
	}
	w.oneIsPrimary()
	w.stop()
	for slot, times := range began(t, a) {
		if times > 1 {
			t.Errorf("slot %v began %d times", slot, times)
		}
	}
}

// deadlyHook has twin.toml name a program for a point that kills its twind, once.
func (s *server) deadlyHook(point string) {
	s.t.Helper()
	program, mark := filepath.Join(s.t.TempDir(), "hook"), filepath.Join(s.t.TempDir(), "mark")
	text := fmt.Sprintf("#!/bin/sh\n[ -e %[1]s ] && exit 0\n: >%[1]s\nkill -9 $PPID\n", mark)
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		s.t.Fatal(err)
	}
	f, err := os.OpenFile(s.config, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "\n[hooks]\n%s = [%q]\n", point, program); err != nil {
		s.t.Fatal(err)
	}
}

// moving tells whether a move of the role is open on a server.
func moving(t *testing.T, s *server) bool {
	t.Helper()
	b, err := s.nodeDB(t).Runbook(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return b.State == node.RunbookOpen
}

// oneIsPrimary demands that one of the two is, that the other knows of its epoch,
// and that both have the move closed alike.
func (w *twins) oneIsPrimary() {
	w.t.Helper()
	var selves [2]node.Self
	var books [2]node.Runbook
	for i, s := range []*server{w.a, w.b} {
		db := s.nodeDB(w.t)
		var err error
		if selves[i], err = db.Self(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if books[i], err = db.Runbook(w.t.Context(), ""); err != nil {
			w.t.Fatal(err)
		}
	}
	if (selves[0].Role == node.Primary) == (selves[1].Role == node.Primary) || selves[0].EpochSeen != selves[1].EpochSeen {
		w.t.Errorf("roles: %+v, %+v", selves[0], selves[1])
	}
	if books[0].State == node.RunbookOpen || books[0].State != books[1].State || books[0].ID != books[1].ID {
		w.t.Errorf("journals: %+v, %+v", books[0], books[1])
	}
}
