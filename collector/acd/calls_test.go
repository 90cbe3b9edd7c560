package acd_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

var callStories = []struct{ name, format, story, want string }{
	{
		"hung up", "ami", `
		0 offered sales leg=1.1
		7.9 abandoned sales leg=1.1 wait=7
		7.9 left sales leg=1.1`,
		`08:00 sales: offered 1 abandoned 1 abandoned_wait_s 7 abandoned_within 1`,
	},
	{
		"the wait is not told", "ami", `
		0 offered sales leg=1.1
		7.9 abandoned sales leg=1.1`,
		`08:00 sales: offered 1 abandoned 1 abandoned_wait_s 7 abandoned_within 1`,
	},
	{
		"neither the wait nor the joining", "ami", `
		5 abandoned sales leg=1.1`,
		`08:00 sales: abandoned 1`,
	},
	{
		"timed out, told in the next interval", "ami", `
		890 offered sales leg=1.1
		899.999 abandoned sales leg=1.1 wait=9
		900.001 left sales leg=1.1
		900.002 outcome sales leg=1.1 why=timeout`,
		`08:00 sales: offered 1 timed_out 1`,
	},
	{
		"left empty", "ami", `
		0 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=9
		9 outcome elsewhere leg=1.1 why=leaveempty
		60 call_leg - leg=1.1 did=Voicemail`,
		`08:00 sales: offered 1 exit_empty 1`,
	},
	{
		"withdrawn", "ami", `
		0 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=9
		9 outcome elsewhere leg=1.1 why=withdraw`,
		`08:00 sales: offered 1 abandoned 1 abandoned_wait_s 9 abandoned_within 1`,
	},
	{
		"turned away", "ami", `
		0 outcome sales leg=1.1 why=full
		1 outcome sales leg=1.2 why=joinempty
		2 outcome sales leg=1.3 why=joinunavail
		3 outcome sales leg=1.4 why=timeout
		4 refused night leg=1.5`,
		`08:00 sales: refused 3
		 08:00 night: refused 1`,
	},
	{
		"turned away by the second queue", "ami", `
		0 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=9
		9 left sales leg=1.1
		9 outcome sales leg=1.1 why=timeout
		9 outcome tiny leg=1.1 why=full`,
		`08:00 sales: offered 1 timed_out 1
		 08:00 tiny: refused 1`,
	},
	{
		"left by key", "ami", `
		0 offered sales leg=1.1
		9 left sales leg=1.1
		30 call_leg - leg=1.1 did=Voicemail`,
		`08:00 sales: offered 1 exit_key 1`,
	},
	{
		"the leaving is told long before the answer", "ami", `
		880 offered sales leg=1.1
		898 left sales leg=1.1
		930 answered sales agent=Ana leg=1.1 wait=18 ring=3`,
		`08:00 sales: offered 1
		 08:15 sales: answered 1 answered_wait_s 18 answered_wait_max_s 18 answered_within 1`,
	},
	{
		"another queue, untold how the first was left", "ami", `
		0 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=9
		9 left sales leg=1.1
		10 offered backup leg=1.1
		15 abandoned backup leg=1.1 wait=5
		15 left backup leg=1.1
		15 call_leg backup leg=1.1 did=Queue`,
		`08:00 sales: offered 1 timed_out 1
		 08:00 backup: offered 1 abandoned 1 abandoned_wait_s 5 abandoned_within 1`,
	},
	{
		"both queues left empty", "ami", `
		0 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=9
		9 left sales leg=1.1
		9 offered backup leg=1.1
		9.002 outcome sales leg=1.1 why=leaveempty
		15 abandoned backup leg=1.1 wait=5
		15 left backup leg=1.1
		15 outcome sales leg=1.1 why=leaveempty`,
		`08:00 sales: offered 1 exit_empty 1
		 08:00 backup: offered 1 exit_empty 1`,
	},
	{
		"a bill after an hour and more", "ami", `
		0 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=9
		9 left sales leg=1.1
		5400 call_leg - leg=1.1 did=Voicemail`,
		`08:00 sales: offered 1 abandoned 1 abandoned_wait_s 9 abandoned_within 1`,
	},
	{
		"bills mislead where outcomes are told", "ami", `
		0 outcome tiny leg=1.7 why=full
		1 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=8
		9 left sales leg=1.1
		9 call_leg - leg=1.1 did=NoOp`,
		`08:00 tiny: refused 1
		 08:00 sales: offered 1 abandoned 1 abandoned_wait_s 8 abandoned_within 1`,
	},
	{
		"bills of before the queue", "ami", `
		100 offered sales leg=1.1
		101 call_leg - leg=1.1 did=Playback end=90
		109 abandoned sales leg=1.1 wait=9
		109 left sales leg=1.1
		109 call_leg - leg=1.1 did=Playback end=90`,
		`08:00 sales: offered 1 abandoned 1 abandoned_wait_s 9 abandoned_within 1`,
	},
	{
		"the first outcome stands, and none is of a talk", "ami", `
		0 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=9
		9 outcome sales leg=1.1 why=timeout
		10 outcome sales leg=1.1 why=leaveempty
		20 offered sales leg=1.2
		29 left sales leg=1.2
		29 answered sales leg=1.2 agent=Ana wait=9
		30 outcome sales leg=1.2 why=timeout
		40 outcome sales leg=1.2 why=continue`,
		`08:00 sales: offered 2 timed_out 1 answered 1 answered_wait_s 9 answered_wait_max_s 9 answered_within 1`,
	},
	{
		"a file's verdicts are final", "queue_log", `
		0 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=9
		9 call_leg - leg=1.1 did=Voicemail
		20 offered sales leg=1.2
		29 timed_out sales leg=1.2 wait=9
		30 offered sales leg=1.3
		31 left_empty sales leg=1.3 wait=1
		32 offered sales leg=1.4
		33 left_by_key sales leg=1.4 wait=1 why=4`,
		`08:00 sales: offered 4 abandoned 1 abandoned_wait_s 9 abandoned_within 1 timed_out 1 exit_empty 1 exit_key 1`,
	},
	{
		"answered, rung in vain, transferred", "ami", `
		0 offered sales leg=1.1
		0 called sales agent=Ana leg=1.1
		15 ring_no_answer sales agent=Ana leg=1.1 ring=15
		16 called sales agent=Ben leg=1.1
		20.5 left sales leg=1.1
		20.5 answered sales agent=Ben leg=1.1 wait=21 ring=4
		60 completed sales agent=Ben leg=1.1 talk=39 why=transfer`,
		`08:00 sales: offered 1 answered 1 answered_wait_s 21 answered_wait_max_s 21 ring_no_answer 1 completed 1 transferred 1 talk_s 39`,
	},
	{
		"a restart ends what waits", "queue_log", `
		0 offered sales leg=1.1
		1 offered sales leg=1.2
		2 answered sales agent=Ana leg=1.2 wait=1 ring=1
		1000 restarted -
		1001 offered sales leg=1.3`,
		`08:00 sales: offered 2 answered 1 answered_wait_s 1 answered_wait_max_s 1 answered_within 1
		 08:15 sales: offered 1 lost 1`,
	},
	{
		"who is put out in order has not been lost", "ami", `
		0 offered sales leg=1.1
		50 restarted -
		50.5 abandoned sales leg=1.1 wait=50
		50.5 left sales leg=1.1`,
		`08:00 sales: offered 1 abandoned 1 abandoned_wait_s 50`,
	},
	{
		"a restart is seen by the channels' numbers", "ami", `
		0 offered sales leg=pbx-1795248000.4711
		1 offered sales leg=pbx-1795248001.4713
		2 offered sales leg=pbx-1795248001.4712
		60 offered sales leg=pbx-1795248060.2`,
		`08:00 sales: offered 4 lost 3`,
	},
	{
		"numbers that are none", "ami", `
		0 offered sales leg=1795248000.4711
		60 offered sales leg=1795248060
		61 offered sales leg=x.y
		62 offered sales leg=1795248062.y
		63 offered sales leg=7-x.2`,
		`08:00 sales: offered 5`,
	},
	{
		"but not by a clock that is set a little", "ami", `
		0 offered sales leg=1795248000.4711
		1 offered sales leg=1795248002.4710
		2 offered sales leg=1795247000.5`,
		`08:00 sales: offered 3`,
	},
	{
		"nor by several systems in one feed", "ami", `
		0 offered sales leg=pbx1-1795248000.4711
		60 offered sales leg=pbx2-1795248060.5
		70 offered sales leg=pbx1-1795248070.4712
		80 offered sales leg=pbx2-1795248080.6`,
		`08:00 sales: offered 4`,
	},
	{
		"withdrawn, and on to another queue", "ami", `
		0 offered sales leg=1.1
		9 abandoned sales leg=1.1 wait=9
		9 left sales leg=1.1
		9 outcome sales leg=1.1 why=withdraw
		10 offered night leg=1.1
		15 left night leg=1.1`,
		`08:00 sales: offered 1 abandoned 1 abandoned_wait_s 9 abandoned_within 1
		 08:00 night: offered 1 exit_key 1`,
	},
	{
		"nobody waits in two queues", "ami", `
		0 offered sales leg=1.1
		50 offered night leg=1.1
		60 abandoned night leg=1.1 wait=10`,
		`08:00 sales: offered 1 lost 1
		 08:00 night: offered 1 abandoned 1 abandoned_wait_s 10 abandoned_within 1`,
	},
	{
		"calls without a leg", "queue_log", `
		0 offered sales
		5 abandoned sales wait=5
		6 answered sales agent=Ana wait=3
		9 completed sales agent=Ana talk=3 why=caller`,
		`08:00 sales: offered 1 abandoned 1 abandoned_wait_s 5 abandoned_within 1 answered 1 answered_wait_s 3 answered_wait_max_s 3 answered_within 1 completed 1 talk_s 3`,
	},
}

func TestFoldCountsCalls(t *testing.T) {
	for _, c := range callStories {
		t.Run(c.name, func(t *testing.T) {
			got := columns(until(c.format, events(t, c.story), 2*record.Hour).Queues)
			if diff := gocmp.Diff(rows(t, c.want), got); diff != "" {
				t.Errorf("want, got: %s", diff)
			}
		})
	}
}
