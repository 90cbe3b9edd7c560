package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
)

// confirm asks a person, and refuses unless the answer is yes. Where nobody can
// answer, --yes must have been said.
func confirm(call *cli.Call, question string) error {
	if call.Yes {
		return nil
	}
	if call.NoInput || !cli.IsTerminal(call.In) {
		return cli.Fail(cli.Refused, errors.New("this needs a yes, and nobody is there to say it: nothing was changed"), "the same with --yes")
	}
	fmt.Fprintf(call.Err, "%s [y/N] ", inert.Text(question))
	answer, err := bufio.NewReader(call.In).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	case "":
		if err != nil {
			fmt.Fprintln(call.Err)
		}
	}
	return cli.Fail(cli.Refused, errors.New("not confirmed: nothing was changed"), "")
}
