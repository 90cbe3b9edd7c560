package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
)

func versionCommand() cli.Command {
	return cli.Command{
		Name:    "version",
		Short:   "show which version this is, and what it was built from",
		Long:    "The commit is that of the source; a build of changed source says so. The time zones\nare the machine's, or where it has none those of the Go that built this.",
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Examples: []cli.Example{
			{Line: "twinctl version"},
			{Line: "twinctl version --json"},
		},
		Run: showVersion,
	}
}

// A build is what is known about this program.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"` // "" if it was built outside of a repository
	Time     string `json:"time"`   // of the commit, RFC 3339
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Zones    string `json:"zones"` // version of the time-zone data; "" if the machine's does not say
}

func showVersion(_ context.Context, c *cli.Call) error {
	b := thisBuild()
	if c.Format == cli.JSON {
		return c.Show(cli.View{Document: b})
	}
	_, err := fmt.Fprintf(c.Out, "twinctl %s%s (%s, %s%s)\n", b.Version, b.source(), b.Go, b.Platform, b.zones())
	return err
}

func (b build) source() string {
	switch {
	case b.Commit == "":
		return ""
	case b.Modified:
		return fmt.Sprintf(" commit %.12s, changed", b.Commit)
	}
	return fmt.Sprintf(" commit %.12s", b.Commit)
}

func (b build) zones() string {
	if b.Zones == "" {
		return ""
	}
	return ", time zones " + b.Zones
}

func thisBuild() build {
	b := build{Version: app.Version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Zones: app.Zones()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
