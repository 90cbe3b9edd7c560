package faults

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestBackupUnderLoad is the quick form of TestRealBackupAt20000.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	backUpUnderLoad(t, burst, 8)
}

// backUpUnderLoad kills that many backups at random moments, every second one
// with its server, while a feed says so many lines at once. Whatever is listed
// then is whole. The newest is restored elsewhere, and a server on what was
// restored goes on where it stood: in the end it holds every line once.
func backUpUnderLoad(t *testing.T, lines, kills int) {
	t.Helper()
	file := newWriterOf(t, lines)
	s := newServer(t, file.section("file"))
	s.start()
	eventually(t, "collecting", func() bool { return s.committed("file") > 0 })
	for i := range kills {
		kind := []string{"full", "incremental"}[i%4/2]
		cut := exec.Command("twinctl", "backup", kind, "--config", s.config)
		if err := cut.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(rand.N(150 * time.Millisecond))
		if err := cut.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cut.Wait() // it was killed, or had ended
		if i%2 == 0 {
			continue
		}
		s.kill()
		s.start()
		eventually(t, "collecting again", func() bool { return s.committed("file") > 0 })
	}
	ctl(t, "backup", "full", "--config", s.config)
	before := s.feed("file").Records
	eventually(t, "more lines", func() bool { return s.feed("file").Records > before })
	ctl(t, "backup", "incremental", "--config", s.config)
	ctl(t, "backup", "verify", "--config", s.config)
	s.kill()
	ctl(t, "backup", "drill", "--config", s.config)
	left, err := filepath.Glob(filepath.Join(s.data, "backups", ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left of what was killed: %v, %v", left, err)
	}

	to := filepath.Join(t.TempDir(), "restored")
	ctl(t, "backup", "restore", "--config", s.config, "--to", to)
	if err := os.RemoveAll(s.data); err != nil { // the machine is lost
		t.Fatal(err)
	}
	file.stop()
	s.data = to
	s.configure(file.section("file"))
	ctl(t, "history", "verify", "--config", s.config)
	was := s.feed("file").Records
	if was < before {
		t.Errorf("restored %d records of %d", was, before)
	}
	s.start()
	eventually(t, "the whole file is collected", func() bool { return s.feed("file").Records == int64(len(file.lines())) })
	s.stop()
	if f := s.feed("file"); f.Duplicates != 0 {
		t.Errorf("%d duplicates: something was read twice", f.Duplicates)
	}
	if diff := cmp.Diff(file.lines(), inOrder(s.export("file"))); diff != "" {
		t.Errorf("the file's lines (-) are not what is stored (+):\n%s", diff)
	}
}

// Two at once would delete each other's work: the second is told so.
func TestTwoBackupsAtOnce(t *testing.T) {
	t.Parallel()
	file := newWriter(t)
	s := newServer(t, file.section("file"))
	s.start()
	eventually(t, "collecting", func() bool { return s.committed("file") > 0 })
	s.stop()
	var all []*exec.Cmd
	for range 8 {
		c := exec.Command("twinctl", "backup", "full", "--config", s.config, "--json")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	made := 0
	for _, c := range all {
		_ = c.Wait() // the status tells
		switch c.ProcessState.ExitCode() {
		case 0:
			made++
		case 9:
		default:
			t.Errorf("exit status %d", c.ProcessState.ExitCode())
		}
	}
	var listed struct {
		Backups []struct{ Name string } `json:"backups"`
	}
	if err := json.Unmarshal(ctl(t, "backup", "list", "--config", s.config, "--json"), &listed); err != nil {
		t.Fatal(err)
	}
	if made == 0 || len(listed.Backups) != made {
		t.Errorf("%d made, %d listed", made, len(listed.Backups))
	}
}
