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

// heard CONFIG out|in FILE notes the document in the file as what the twin told.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: heard CONFIG out|in FILE")
	}
	cfg, err := app.Configure(&cli.Call{Config: ts.MkAbs(args[0])})
	ts.Check(err)
	data, err := app.OpenData(context.Background(), cfg.Data, store.Use)
	ts.Check(err)
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
	cfg, err := app.Configure(&cli.Call{Config: ts.MkAbs(args[0])})
	ts.Check(err)
	data, err := app.OpenData(context.Background(), cfg.Data, store.Use)
	ts.Check(err)
	defer data.Close()
	_, err = data.Node.Seen(context.Background(), epoch)
	ts.Check(err)
}
