//go:build real

package faults

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A daemon is somebody else's program. It ends with its test if it did not
// before, and what it said is told if that failed.
type daemon struct {
	t   *testing.T
	cmd *exec.Cmd
}

func startDaemon(t *testing.T, cmd *exec.Cmd) *daemon {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := &daemon{t, cmd}
	t.Cleanup(func() {
		d.end(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("%s said:\n%s", d.name(), said.String())
		}
	})
	return d
}

func (d *daemon) name() string { return filepath.Base(d.cmd.Path) }

// end sends it the signal that it is to end by, and waits until it has.
func (d *daemon) end(by os.Signal) {
	_ = d.cmd.Process.Signal(by) // it may have ended
	_ = d.cmd.Wait()             // it was to end
}

// listens waits until somebody is there at an address of its.
func (d *daemon) listens(address string) {
	d.t.Helper()
	eventually(d.t, patience, d.name()+" listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}
