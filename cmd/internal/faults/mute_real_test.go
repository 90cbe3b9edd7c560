//go:build real

package faults

import (
	"net"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRealMute freezes an upstream, whose kernel goes on acknowledging: within
// ten seconds that is noticed and the next address serves.
func TestRealMute(t *testing.T) {
	t.Run("frozen process", func(t *testing.T) {
		t.Parallel()
		address, freeze := replaying(t)
		afterMute(t, address, freeze)
	})
	t.Run("stops reading and answering", func(t *testing.T) {
		t.Parallel()
		first := newPBX(t, nil)
		afterMute(t, first.Addr(), func() { first.mute.Store(true) })
	})
}

func afterMute(t *testing.T, first net.Addr, mute func()) {
	t.Helper()
	second := newPBX(t, nil)
	s := newServer(t, amiSection(t, "pbx", first, second.Addr()))
	s.start()
	eventually(t, "live", func() bool { return s.feed("pbx").State == "live" })
	mute()
	took := eventually(t, "the next address serves", func() bool { return second.logins.Load() > 0 })
	t.Logf("the next address serves after %s", took.Round(100*time.Millisecond))
	eventually(t, "live again", func() bool {
		f := s.feed("pbx")
		return f.State == "live" && strings.HasSuffix(f.Address, second.Addr().String())
	})
	if gaps := s.gaps("pbx"); len(gaps) != 1 || gaps[0].Reason != "mute" || gaps[0].To == nil {
		t.Errorf("gaps %+v, want one, closed, with the reason mute", gaps)
	}
	s.stop()
}

// replaying serves a recording of an Asterisk from another process.
func replaying(t *testing.T) (net.Addr, func()) {
	t.Helper()
	cmd := exec.Command("twinctl", "replay", "--listen", "127.0.0.1:0", "../../../fixtures/asterisk/pbx-a.ami.gz", "--kind", "ami", "--shift-to-now")
	said := newJournal()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // it was killed
		said.Close()
	})
	listening := regexp.MustCompile(`listening on (\S+)`)
	var address string
	_, err := said.await(patience, func(e map[string]any) bool {
		text, _ := e["msg"].(string)
		if m := listening.FindStringSubmatch(text); m != nil {
			address = m[1]
		}
		return address != ""
	})
	if err != nil {
		t.Fatalf("replay: %v: %s", err, said)
	}
	to, err := net.ResolveTCPAddr("tcp", strings.TrimPrefix(address, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	return to, func() {
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
	}
}
