//go:build real

package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestRealScript runs the scripts that need root, and disks of their own.
func TestRealScript(t *testing.T) {
	p := scripts(t, "testdata/real")
	p.Cmds["disk"] = disk
	testscript.Run(t, p)
}

// disk DIR SIZE mounts a disk of that size, until the script ends.
func disk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: disk DIR SIZE")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(ts.Exec("mount", "-t", "tmpfs", "-o", "mode=0700,size="+args[1], "none", dir))
	ts.Defer(func() { ts.Check(ts.Exec("umount", "--lazy", dir)) })
}
