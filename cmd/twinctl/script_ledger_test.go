package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// ledger CONFIG claim NAME STATE MINUTE [REASON] writes the row of a slot, and
// ledger CONFIG start ID, ledger CONFIG end ID STATE [TAIL] what becomes of a
// run.
func ledger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: ledger CONFIG claim|start|end ...")
	}
	ctx := context.Background()
	data := dataOf(ts, args[0])
	defer data.Close()
	args = append(args, "", "") // what may be left out
	switch args[1] {
	case "claim":
		ts.Check(claimSlot(ctx, data.Node, args[2], node.RunState(args[3]), args[4:]))
	case "start":
		ts.Check(data.Node.StartRun(ctx, runID(ts, args[2])))
	case "end":
		exit := 0
		tail, err := strconv.Unquote(`"` + args[4] + `"`)
		ts.Check(err)
		ts.Check(data.Node.EndRun(ctx, runID(ts, args[2]), node.RunEnd{State: node.RunState(args[3]), Exit: &exit, Tail: tail}))
	default:
		ts.Fatalf("ledger: %s", args[1])
	}
}

func claimSlot(ctx context.Context, n *node.DB, name string, state node.RunState, args []string) error {
	self, err := n.Self(ctx)
	if err != nil {
		return err
	}
	minute, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	slot := record.At(time.Date(2026, 11, 21, 6, minute, 0, 0, time.UTC))
	claim := node.Claim{
		Timetable: "tt-" + name, Name: name, Slot: slot, Attempt: 1, Trigger: "schedule", State: state, Reason: args[1], Through: slot, Role: self.Role,
	}
	if runs, err := n.ClaimRuns(ctx, self.Epoch, []node.Claim{claim}); err != nil || len(runs) != 1 {
		return fmt.Errorf("claimed %v: %w", runs, err)
	}
	return nil
}

func runID(ts *testscript.TestScript, word string) int64 {
	id, err := strconv.ParseInt(word, 10, 64)
	ts.Check(err)
	return id
}

// misfit CONFIG KEY NAME writes a timetable whose schedule means nothing here, as
// one of another version might.
func misfit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: misfit CONFIG KEY NAME")
	}
	ctx := context.Background()
	data := dataOf(ts, args[0])
	defer data.Close()
	body := admin.Body{"name": args[2], "schedule": "when it rains", "tasks": []string{"verify"}}
	_, err := data.Admin.Change(ctx, admin.Author{Actor: "test", From: fromHere, Verb: "test"}, []admin.Edit{{Kind: "timetable", Key: args[1], Body: body}}, admin.How{})
	ts.Check(err)
}
