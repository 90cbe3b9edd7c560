package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinctl/twin/fixtures/calls"
)

// callfile FORMAT FILE DAY NUMBER... writes a file of call records as an exchange
// does: the calls of these numbers, one each minute from nine o'clock UTC of the
// day on. Each is 40 seconds long: the second, the fifth and so on is given up by
// the caller, the others wait 15 seconds and talk for 20.
func callfile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: callfile ech|cucm_cdr|cucm_cmr|smdr FILE DAY NUMBER...")
	}
	day, err := time.Parse(time.DateOnly, args[2])
	ts.Check(err)
	var segments []calls.Segment
	var legs []calls.Leg
	var lines bytes.Buffer
	for i, text := range args[3:] {
		number, err := strconv.Atoi(text)
		ts.Check(err)
		begun := day.Add(9*time.Hour + time.Duration(i)*time.Minute)
		ended := begun.Add(40 * time.Second)
		s := calls.Segment{
			CallID: uint32(number), Number: 1, Start: begun, Stop: ended, Queue: 10, Ring: 5, Disp: 15, Talk: 20, Wrap: 5,
			Split: 7, Disposition: 2, Agent: "4001", Caller: "5550003", Dialled: "8000", VDN: "5000",
		}
		l := calls.Leg{
			CallID: number, From: "5550003", To: "8000", Final: "201", Key: "leg-" + text,
			Start: begun, Answered: begun.Add(20 * time.Second), End: ended, FromDevice: "trunk", ToDevice: "SEP201", Cause: 16,
		}
		talked := "00:00:20"
		if i%3 == 1 {
			s.Disposition, s.Agent, s.Ring, s.Talk, s.Wrap = 3, "", 0, 0, 0
			l.Answered, talked = time.Time{}, "00:00:00"
		}
		segments, legs = append(segments, s), append(legs, l)
		fmt.Fprintf(&lines, "%s,%s,15,5550003,I,8000,8000,,0,%d,0,E201,Kim,T9001,Line 1,0,0,,,,,,,,,,,,,\r\n",
			begun.Format("2006/01/02 15:04:05"), talked, number)
	}
	var file []byte
	switch args[0] {
	case "ech":
		file = calls.ECH(12, 1, segments)
	case "cucm_cdr":
		file = calls.CUCM(legs, nil, []string{"mobileCallingPartyNumber"})
	case "cucm_cmr":
		file = calls.CMR(legs[0].CallID, legs[0].End)
	case "smdr":
		file = lines.Bytes()
	default:
		ts.Fatalf("no exchange writes %q", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), file, 0o600))
}
