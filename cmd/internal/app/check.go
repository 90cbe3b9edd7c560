package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/deliver"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/inert"
)

// Checked is what an examination of the configuration found.
type Checked struct {
	File     string // as it was named
	Problems config.Problems
	Feeds    int
	Down     []string // the feeds without which twind would start, as they are called
	Starts   bool     // twind would start
	Cannot   []string // what it could not do then, as a sentence has it
}

// Check reads the configuration as the service would: started by root, it
// becomes the owner of the data directory first, for good. What does not keep
// twind from anything is said on call.Err. An error is not about the
// configuration.
func Check(call *cli.Call) (Checked, error) {
	for _, warning := range config.Unheeded(os.Environ()) {
		fmt.Fprintf(call.Err, "warning: %s\n", inert.Text(warning))
	}
	found := Checked{File: call.Config}
	cfg, err := Configure(call)
	if err == nil {
		cfg, err = asOwner(call, cfg)
	}
	if err != nil {
		found.Problems = config.AsProblems(err).Sorted()
		if len(found.Problems) > 0 {
			err = nil
		}
		return found, err
	}
	found.Feeds, found.Starts = len(cfg.Feeds), true
	for i := range cfg.Feeds {
		f := &cfg.Feeds[i]
		wrong := f.Check()
		if len(wrong) == 0 {
			continue
		}
		found.Problems = append(found.Problems, wrong...)
		name := fmt.Sprintf("the one at line %d", f.Line)
		if named(cfg, f) {
			name = fmt.Sprintf("%q", f.Name)
		}
		found.Down = append(found.Down, name)
	}
	for _, part := range []struct {
		wrong  config.Problems
		cannot string
	}{
		{undeliverable(cfg), "tell people of what happens"},
		{uncallable(cfg), "call its hooks"},
	} {
		if len(part.wrong) > 0 {
			found.Problems = append(found.Problems, part.wrong...)
			found.Cannot = append(found.Cannot, part.cannot)
		}
	}
	found.Problems = found.Problems.Sorted()
	return found, nil
}

// undeliverable returns what is wrong with the files by which people are told
// of what happens. twind starts all the same, and says so when it has to tell.
func undeliverable(cfg *config.Config) (wrong config.Problems) {
	if err := (deliver.Post{Mail: cfg.Mail}).Check(); err != nil {
		key := "mail"
		if at, ok := errors.AsType[*feed.KeyError](err); ok {
			key, err = at.Key, at.Err
		}
		wrong = append(wrong, cfg.Problem(key, err))
	}
	if cfg.Deliver.Exec != "" {
		if err := (deliver.Hook{Program: cfg.Deliver.Exec}).Check(); err != nil {
			wrong = append(wrong, cfg.Problem("deliver.exec", err))
		}
	}
	return wrong
}

// uncallable returns what is wrong with the programs that are called where the
// role moves. twind starts all the same, and a switch-over is told beforehand.
func uncallable(cfg *config.Config) (wrong config.Problems) {
	for _, p := range cfg.Hooks.Runnable().Check() {
		wrong = append(wrong, cfg.Problem(config.HookKey(p.Point), p.Err))
	}
	return wrong
}

// asOwner looks at the data directory. Root becomes its owner and reads the
// configuration again, because root can read what the service's user cannot.
func asOwner(call *cli.Call, cfg *config.Config) (*config.Config, error) {
	info, err := os.Stat(cfg.Data)
	switch {
	case err == nil && !info.IsDir():
		return nil, config.Problems{cfg.Problem("data", errors.New("is not a directory: data must name one"))}
	case os.Geteuid() != 0:
		return cfg, nil
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(call.Err, "note: %s does not exist yet, so whether the service's user can read the files was not checked\n", inert.Text(cfg.Data))
		return cfg, nil
	}
	if err := BecomeOwner(cfg.Data); err != nil {
		return nil, err
	}
	return Configure(call)
}

// Summary says what was found in one line.
func (c Checked) Summary() string {
	switch {
	case len(c.Problems) == 0:
		return fmt.Sprintf("%s: ok, %s", c.File, Counted(c.Feeds, "feed"))
	case !c.Starts:
		return fmt.Sprintf("%s: %s; twind would not start", c.File, Counted(len(c.Problems), "problem"))
	case len(c.Down) == 0:
		return fmt.Sprintf("%s: %s; twind would start, and could not %s", c.File, Counted(len(c.Problems), "problem"), strings.Join(c.Cannot, " or "))
	case len(c.Down) == 1:
		return fmt.Sprintf("%s: %s; twind would start without the feed %s", c.File, Counted(len(c.Problems), "problem"), c.Down[0])
	}
	return fmt.Sprintf("%s: %s; twind would start without the feeds %s", c.File, Counted(len(c.Problems), "problem"), strings.Join(c.Down, ", "))
}

// Err returns nil if nothing was found, else what a program says and ends with.
func (c Checked) Err() error {
	if len(c.Problems) == 0 {
		return nil
	}
	return cli.Fail(cli.Usage, errors.New(c.Summary()), "")
}

// Counted writes a number of things: 1 feed, 2 feeds.
func Counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
