package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// What keeps a primary from acting so, one after the other, is shown for as long
// as it is so.
func TestRoleShow(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := app.Init(t.Context(), dir, "cms-a", node.Primary); err != nil {
		t.Fatal(err)
	}
	data, err := app.OpenData(t.Context(), dir, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	s := &site{Config: &config.Config{Name: "cms-a", Data: dir}, data: data}
	shows := func(now time.Time, want ...string) {
		t.Helper()
		doc, err := s.role(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := writeRole(&b, doc); err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(b.String()) {
			word, _, _ := strings.Cut(line, " ")
			got = append(got, word)
		}
		if diff := cmp.Diff(append(append([]string{"cms-a"}, want...), "it"), got); diff != "" {
			t.Errorf("%s\n%s", diff, b.String())
		}
	}
	now := time.Now()
	shows(now, "owns")
	if err := data.Node.ConfirmRole(t.Context(), 1, "ann"); err != nil {
		t.Fatal(err)
	}
	shows(now, "owns", "confirmed")
	if err := data.Node.Restore(t.Context(), node.Restored{Backup: "b1", Actor: "ann"}, 0); err != nil {
		t.Fatal(err)
	}
	shows(now, "owns", "held", "confirmed")
	if _, err := data.Node.Seen(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	shows(now, "superseded", "owns", "held", "confirmed")
	if _, err := data.Node.StepDown(t.Context(), "twind"); err != nil {
		t.Fatal(err)
	}
	shows(now, "owned", "held")
}

// A role that is being moved is so until the runner does not go on with it.
func TestRoleShowsThatItIsMoving(t *testing.T) {
	until := time.Date(2026, 11, 21, 6, 0, 15, 0, time.UTC)
	var b bytes.Buffer
	err := writeRole(&b, roleDocument{Name: "cms-a", Role: node.Primary, Epoch: 1, Seen: 1, Running: true, Moving: &roleWait{"switch-over s1", someMoment(record.At(until))}})
	if err != nil || !strings.Contains(b.String(), "\nmoving  switch-over s1, until 2026-11-21T06:00:15Z at the latest\n") {
		t.Errorf("%v: %s", err, b.String())
	}
}
