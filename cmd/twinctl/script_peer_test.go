package main

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// dataOf opens the data of a server beside whatever else has it open.
func dataOf(ts *testscript.TestScript, file string) *app.Data {
	cfg, err := app.Configure(&cli.Call{Config: ts.MkAbs(file)})
	ts.Check(err)
	data, err := app.OpenData(context.Background(), cfg.Data, store.Use)
	ts.Check(err)
	return data
}

// heard CONFIG out|in FILE notes the document in the file as what the twin told.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: heard CONFIG out|in FILE")
	}
	data := dataOf(ts, args[0])
	defer data.Close()
	h := node.Heard{Doc: json.RawMessage(ts.ReadFile(args[2]))}
	ts.Check(data.Node.SetHeard(context.Background(), node.Direction(args[1]), h))
}

// seen CONFIG EPOCH notes that the server heard of that epoch.
func seen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: seen CONFIG EPOCH")
	}
	epoch, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	data := dataOf(ts, args[0])
	defer data.Close()
	_, err = data.Node.Seen(context.Background(), epoch)
	ts.Check(err)
}
