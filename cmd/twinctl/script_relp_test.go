package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// relp ADDRESS FILE sends each line of the file as omrelp does, and demands that
// each is answered, in order. It says close before it goes.
func relp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: relp ADDRESS FILE")
	}
	conn, err := net.Dial("tcp", args[0])
	ts.Check(err)
	defer conn.Close()
	ts.Check(conn.SetDeadline(time.Now().Add(30 * time.Second)))
	in := bufio.NewReader(conn)
	say := func(txnr int, command, data string) {
		_, err := fmt.Fprintf(conn, "%d %s %d %s\n", txnr, command, len(data), data)
		ts.Check(err)
	}
	answered := func(txnr int) {
		line, err := in.ReadString('\n')
		ts.Check(err)
		if want := fmt.Sprintf("%d rsp 6 200 OK\n", txnr); line != want {
			ts.Fatalf("answered %q, want %q", line, want)
		}
	}
	say(1, "open", "relp_version=0\nrelp_software=script\ncommands=syslog")
	for { // the offers end with the commands
		line, err := in.ReadString('\n')
		ts.Check(err)
		if strings.HasPrefix(line, "commands=") {
			break
		}
	}
	sent := 1
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		sent++
		say(sent, "syslog", line)
	}
	for txnr := 2; txnr <= sent; txnr++ {
		answered(txnr)
	}
	say(sent+1, "close", "")
	_, err = in.ReadString('\n')
	ts.Check(err)
}
