package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
)

// Whatever a verification finds is status 6, in each form; what kept it from
// finding anything is not.
func TestWhatVerifyFinds(t *testing.T) {
	none := func(context.Context, int64, int) ([]audit.Audited, error) { return nil, nil }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"broken":   {&audit.Broken{ID: 7, Why: "it is missing"}, "the audit of administration data is broken at 7: it is missing"},
		"tampered": {fmt.Errorf("%w: queue/x has another hash", admin.ErrTampered), "administration data: not what was written down: queue/x has another hash"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := proved(t.Context(), func(context.Context) (audit.Head, error) { return audit.Head{}, c.err }, none, nil)
			if err != nil || found.OK {
				t.Fatalf("%+v, %v", found, err)
			}
			for _, format := range []cli.Format{cli.Text, cli.JSON} {
				var out strings.Builder
				call := &cli.Call{Stdio: cli.Stdio{Out: &out}, Format: format}
				err := showVerified(call, proof{OK: true}, found)
				if cli.Verdict(err) != cli.Untrusted {
					t.Errorf("%s: %v", format, err)
				}
				if format == cli.Text && err.Error() != c.want || format == cli.JSON && !strings.Contains(out.String(), `"ok": false`) {
					t.Errorf("%s: %v\n%s", format, err, out.String())
				}
			}
		})
	}
	wrong := errors.New("disk")
	if _, err := proved(t.Context(), func(context.Context) (audit.Head, error) { return audit.Head{}, wrong }, none, nil); !errors.Is(err, wrong) {
		t.Error(err)
	}
}
