package main

import (
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/push"
)

// readRows reads the names of rows behind a flag; a kind alone is all of its rows.
func readRows(flag string, words []string) (map[admin.Name]bool, error) {
	all := map[admin.Name]bool{}
	for _, word := range words {
		name := admin.Name{Kind: word}
		if strings.Contains(word, "/") {
			var err error
			if name, err = admin.ParseName(word); err != nil {
				return nil, fmt.Errorf("--%s: %w", flag, err)
			}
		}
		if _, err := kindNamed(name.Kind); err != nil {
			return nil, fmt.Errorf("--%s %s: %w", flag, word, err)
		}
		all[admin.Name{Kind: name.Kind, Key: admin.Composed(name.Key)}] = true
	}
	return all, nil
}

// progress says on standard error how far a push has come, a line for each step.
func progress(call *cli.Call, twin string) func(push.Progress) {
	return func(p push.Progress) {
		text := map[push.Step]string{
			push.Adopting: "taking over " + app.Counted(int(p.Total), "row") + " of " + twin,
			push.Sending:  fmt.Sprintf("sent %s of %s bytes", number(p.Done), number(p.Total)),
			push.Applying: twin + " checks them, and takes all of them or nothing",
			push.Reading:  "reading back what " + twin + " holds",
		}[p.Step]
		fmt.Fprintln(call.Err, inert.Text(text))
	}
}
