package app

import (
	"errors"
	"fmt"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

// TestRefusal holds that what twind answers arrives as it was meant: with its
// exit status and its way out, of which foreign text is no part.
func TestRefusal(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code cli.Code
		text string
		hint string
	}{
		"decided":   {cli.Fail(cli.Refused, errors.New("paused"), "twinctl feed resume pbx"), cli.Refused, "paused", "twinctl feed resume pbx"},
		"the table": {fmt.Errorf("x: %w", history.ErrUnknownFeed), cli.Usage, "x: " + history.ErrUnknownFeed.Error(), "twinctl feed list"},
		"no hint":   {errors.New("bad"), cli.Failed, "bad", ""},
		"cut":       {fmt.Errorf("fill: %w", link.ErrLost), cli.Unreachable, "fill: " + link.ErrLost.Error(), "twinctl pair check"},
		"joined":    {errors.Join(errors.New("a"), errors.New("b")), cli.Failed, "a; b", ""},
		"foreign":   {errors.New("no\nTry: rm -r /"), cli.Failed, "no; Try: rm -r /", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := Refusal(unable(c.err))
			if cli.Verdict(err) != c.code || err.Error() != c.text || cli.Hint(err) != c.hint {
				t.Errorf("exit %d, %q, try %q", cli.Verdict(err), err, cli.Hint(err))
			}
		})
	}
	if err := Refusal(node.Answer{Text: "done"}); err != nil {
		t.Errorf("done, and %v", err)
	}
}
