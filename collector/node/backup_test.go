package node

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

func noteBackup(t *testing.T, n *DB, b Backup) {
	t.Helper()
	if err := n.NoteBackup(t.Context(), b, "anna"); err != nil {
		t.Fatal(err)
	}
}

func noteDrill(t *testing.T, n *DB, backup string, proven bool, text string) {
	t.Helper()
	if err := n.NoteDrill(t.Context(), Drill{Backup: backup, Proven: proven, Text: text}); err != nil {
		t.Fatal(err)
	}
}

func TestHowBackupsStand(t *testing.T) {
	n := open(t)
	stand := func() Backups {
		t.Helper()
		all, err := n.Backups(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if diff := cmp.Diff(Backups{}, stand()); diff != "" {
		t.Error(diff)
	}
	one := Backup{Name: "one", Number: 1, Kind: "full", At: record.Instant(5), Bytes: 10, Place: "/backups", Beside: true}
	two := Backup{Name: "two", Number: 2, Kind: "incremental", At: record.Instant(6), Bytes: 3, Place: "/mnt"}
	noteBackup(t, n, one)
	if diff := cmp.Diff(Backups{Last: &one}, stand()); diff != "" {
		t.Error(diff)
	}
	noteBackup(t, n, two)
	noteDrill(t, n, "one", true, "")
	noteDrill(t, n, "two", false, "bad")
	all := stand()
	if all.Last == nil || *all.Last != two || !all.Apart || all.Proven == nil || all.Proven.Backup != "one" || all.Failed == nil || all.Failed.Text != "bad" {
		t.Errorf("%+v", all)
	}
	noteDrill(t, n, "one", false, "it rotted")
	if proven, err := n.ProvenBackups(t.Context()); err != nil || len(proven) != 0 {
		t.Errorf("%v, %v: what was bad last is not proven", proven, err)
	}
	noteDrill(t, n, "two", true, "")
	if proven, err := n.ProvenBackups(t.Context()); err != nil || len(proven) != 1 || proven["two"] == 0 {
		t.Errorf("%v, %v", proven, err)
	}
	if all := stand(); all.Failed != nil {
		t.Errorf("%+v", all.Failed)
	}
	if err := n.ForgetBackup(t.Context(), "two", "anna"); err != nil {
		t.Fatal(err)
	}
	if all := stand(); *all.Last != one || all.Apart {
		t.Errorf("%+v", all)
	}
	if number, err := n.LastBackupNumber(t.Context()); number != 1 || err != nil {
		t.Errorf("%d, %v", number, err)
	}
}

// A backup on the disk of the data is apart from it once the twin has it.
func TestABackupIsSent(t *testing.T) {
	n := open(t)
	noteBackup(t, n, Backup{Name: "one", Number: 1, Kind: "full", At: 5, Place: "/backups", Beside: true})
	stand := func() Backups {
		t.Helper()
		all, err := n.Backups(t.Context())
		if err != nil || all.Last == nil {
			t.Fatal(all, err)
		}
		return all
	}
	if err := n.NoteUnsent(t.Context(), "one", "unreachable"); err != nil {
		t.Fatal(err)
	}
	if all := stand(); all.Apart || all.Last.Sent != 0 || all.Last.Unsent != "unreachable" {
		t.Errorf("%+v %+v", all, all.Last)
	}
	if err := n.NoteSent(t.Context(), "one", "anna"); err != nil {
		t.Fatal(err)
	}
	if err := n.NoteUnsent(t.Context(), "one", "later"); err != nil { // what is there is there
		t.Fatal(err)
	}
	if all := stand(); !all.Apart || all.Last.Sent == 0 || all.Last.Unsent != "" {
		t.Errorf("%+v %+v", all, all.Last)
	}
	if _, err := n.AuditVerify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestARestoreHoldsTheServer(t *testing.T) {
	n := open(t)
	if err := n.Init(t.Context(), "cms-a", Primary); err != nil {
		t.Fatal(err)
	}
	if held, err := n.Held(t.Context()); held != nil || err != nil {
		t.Errorf("%+v, %v", held, err)
	}
	marks := map[string]bool{}
	for _, seen := range []int64{9, 3} {
		if err := n.Restore(t.Context(), Restored{Backup: "b", Taken: 5, Actor: "anna"}, seen); err != nil {
			t.Fatal(err)
		}
		held, err := n.Held(t.Context())
		if err != nil || held == nil || held.Backup != "b" || held.Taken != 5 || held.Mark == "" {
			t.Fatalf("%+v, %v", held, err)
		}
		marks[held.Mark] = true
		if self, err := n.Self(t.Context()); err != nil || self.EpochSeen != 9 || !self.Superseded() {
			t.Errorf("%+v, %v: an epoch that was seen is not forgotten", self, err)
		}
	}
	if len(marks) != 2 {
		t.Error("two restores have one mark")
	}
	if _, err := n.AuditVerify(t.Context()); err != nil {
		t.Error(err)
	}
}
