//go:build real

package faults

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/twinctl/twin/fixtures/daemon"
)

// syslogNG is where scripts/syslog-ng.sh unpacks it.
const syslogNG = "../../../bin/syslog-ng/usr"

// startSyslogNG has syslog-ng send what is said to two servers, which have their
// port in common: to the first one as long as it is there, else to the other.
func startSyslogNG(t *testing.T, file string, to [2]string) {
	t.Helper()
	dir := t.TempDir()
	first, port, err := net.SplitHostPort(to[0])
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := net.SplitHostPort(to[1])
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "syslog-ng.conf")
	text := fmt.Sprintf(`@version: 3.38
options { stats-freq(0); };
source said { file(%q follow-freq(0.1) flags(no-parse)); };
destination twins {
    syslog(%q port(%s) transport("tcp") time-reopen(1)
        failover(servers(%q) failback(tcp-probe-interval(1) successful-probes-required(2)))
        disk-buffer(reliable(yes) disk-buf-size(1048576) mem-buf-size(163840) dir(%q)));
};
log { source(said); destination(twins); flags(flow-control); };
`, file, first, port, other, dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(syslogNG+"/sbin/syslog-ng", "--foreground", "--stderr", "--no-caps", "--cfgfile", config,
		"--module-path", syslogNG+"/lib/syslog-ng/3.38", "--persist-file", filepath.Join(dir, "persist"),
		"--pidfile", filepath.Join(dir, "pid"), "--control", filepath.Join(dir, "control"))
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+syslogNG+"/lib/syslog-ng")
	daemon.Start(t, cmd)
}

// newRelayed makes twins that hear one feed of syslog, each at its own address of
// one port, and starts them.
func newRelayed(t *testing.T) (w *twins, to [2]string) {
	t.Helper()
	w = newTwins(t)
	for i, s := range []*server{w.a, w.b} {
		to[i] = ownAddress()
		s.configure(fmt.Sprintf("[[feed]]\nname = \"log\"\nkind = \"syslog\"\ntransport = \"tcp\"\nlisten = %q\n", to[i]))
		s.start()
		s.said(to[i]) // that it listens there
	}
	for _, s := range []*server{w.a, w.b} {
		eventually(t, s.name+" hears its twin", func() bool { return s.seen().Twin.State == "ok" })
	}
	return w, to
}

// TestRealSyslogNG kills the first of two servers that syslog-ng sends to: it
// goes on with the other, and comes back when the first one is there again. No
// server has anything twice, what one lacks the other has, and a fill gives both
// the same; what neither has is of a time that is in the gaps of both.
func TestRealSyslogNG(t *testing.T) {
	t.Parallel()
	w, to := newRelayed(t)
	said := newTeller(t)
	said.tell(200)
	startSyslogNG(t, said.file.Name(), to)
	w.a.awaitNumber("log", 200, numberOf)

	w.a.kill()
	said.tell(200)
	w.b.awaitNumber("log", 400, numberOf)
	if lacks := w.b.account("log", said.lines(), numberOf); len(lacks) < 200 {
		t.Errorf("the other server lacks %d, though 200 were said to the first", len(lacks))
	}
	w.a.start()
	back := 0
	eventually(t, "the first server is heard again", func() bool {
		said.tell(10)
		for n := range w.a.counted("log", numberOf) {
			back = max(back, n)
		}
		return back > 400
	})
	w.a.awaitNumber("log", len(said.lines()), numberOf)
	for _, s := range []*server{w.a, w.b} {
		s.noneTwice("log", said.lines(), numberOf)
		lacks := s.account("log", said.lines(), numberOf)
		t.Logf("before a fill, %s lacks %d of %d", s.name, len(lacks), len(said.lines()))
	}

	eventually(t, "a fill of all gives both the same", func() bool {
		if _, exit, said := w.a.fill("--all", "--both"); exit != 0 {
			t.Fatalf("fill: exit status %d: %s", exit, said)
		}
		return maps.Equal(w.a.counted("log", numberOf), w.b.counted("log", numberOf))
	})
	w.equal()
	for _, s := range []*server{w.a, w.b} {
		s.noneTwice("log", said.lines(), numberOf)
		t.Logf("after it, %s lacks %d", s.name, len(s.account("log", said.lines(), numberOf)))
	}
	w.stop()
}
