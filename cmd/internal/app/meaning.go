package app

import (
	"errors"

	"github.com/twinctl/twin/cmd/internal/cli"
)

// A meaning is what an error comes to for whoever asked.
type meaning struct {
	err  error
	code cli.Code
	hint string
}

// meant gives an error the exit status and the hint of the first of these that it
// is, if it is any.
func meant(err error, all ...meaning) error {
	for _, m := range all {
		if errors.Is(err, m.err) {
			return cli.Fail(m.code, err, m.hint)
		}
	}
	return err
}
