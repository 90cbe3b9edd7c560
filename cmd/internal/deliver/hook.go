package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/launch"
	"github.com/twinctl/twin/collector/inert"
)

// A Hook is a program of the site's own that is told facts.
type Hook struct {
	Program string // its file
	Timeout time.Duration
}

// Check tells whether the program can be run, without running it.
func (h Hook) Check() error { return h.program().Check() }

func (h Hook) program() launch.Program {
	return launch.Program{Argv: []string{h.Program}, Timeout: h.Timeout}
}

// Tell runs the program, without a shell and without arguments: the facts come
// as JSON on its standard input and as variables. It is done when the program
// ends with status 0 within the timeout; else, and when ctx ends, it and what
// it started in its group are ended, and the error is a *Trouble.
func (h Hook) Tell(ctx context.Context, l Letter) error {
	facts, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = h.program().Run(ctx, variables(l), append(inert.JSON(facts), '\n'))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, launch.ErrNotStarted):
		return &Trouble{Err: fmt.Errorf("deliver.exec: %w", err), Away: true}
	case ctx.Err() != nil:
		err = fmt.Errorf("%s was ended with twind", h.Program)
	}
	return &Trouble{Err: err, Doubtful: true} // it may have done all but end well
}

// variables are the facts, names made inert.
func variables(l Letter) []string {
	var env []string
	for _, v := range []struct{ name, value string }{
		{"TYPE", l.Type},
		{"ID", strconv.FormatInt(l.ID, 10)},
		{"MESSAGE", l.Message},
		{"TO", l.To},
		{"SERVER", l.Server},
		{"ROLE", l.Role},
		{"AT", l.At.UTC().Format(time.RFC3339)},
		{"SEVERITY", l.Severity},
		{"CODE", l.Code},
		{"OBJECT", l.Object},
		{"FEED", l.Feed},
		{"TEXT", l.Text},
		{"INSTEAD_OF_PRIMARY", bit(l.Instead)},
		{"REPEATED", bit(l.Repeated)},
		{"FOLDER", l.Folder},
	} {
		env = append(env, config.FactVariables+v.name+"="+inert.Text(v.value))
	}
	if c := l.Crossing; c != nil {
		for _, v := range []struct{ name, value string }{
			{"THRESHOLD", c.Threshold},
			{"NAME", c.Name},
			{"LIMIT_S", fmt.Sprint(c.Limit)},
			{"COUNT", fmt.Sprint(c.Count)},
			{"PERCENT", fmt.Sprint(c.Percent)},
			{"VALUE", fmt.Sprint(c.Value)},
		} {
			env = append(env, config.FactVariables+v.name+"="+inert.Text(v.value))
		}
	}
	return env
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
