package main

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinctl/twin/collector/feed/replay"
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
	ts.Check(conn.SetDeadline(time.Now().Add(patience)))
	talk := replay.NewTalk(conn)
	said := 0
	say := func(command, data string) {
		said++
		_, err := conn.Write(talk.Command(nil, command, data))
		ts.Check(err)
	}
	say("open", replay.Offers)
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		say("syslog", line)
	}
	say("close", "")
	for txnr := 1; txnr < said; txnr++ {
		a, err := talk.Answer()
		ts.Check(err)
		if want := fmt.Sprintf("%d rsp 200 OK", txnr); !strings.HasPrefix(a.String(), want) {
			ts.Fatalf("answered %q, want %q", a, want)
		}
	}
}
