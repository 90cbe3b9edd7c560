package main

import (
	"context"
	"encoding/json"

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
