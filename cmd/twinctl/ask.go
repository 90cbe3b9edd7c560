package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/setup"
	"github.com/twinctl/twin/collector/inert"
)

// A dialogue is a person at a terminal.
type dialogue struct {
	call *cli.Call
	in   *bufio.Reader
}

// read returns the next line. It ends with ctx, also while nobody types: what
// reads then goes on until the program ends.
func (d dialogue) read(ctx context.Context) (string, error) {
	type typed struct {
		line string
		err  error
	}
	next := make(chan typed, 1)
	go func() {
		line, err := d.in.ReadString('\n')
		next <- typed{strings.TrimRight(line, "\r\n"), err}
	}()
	select {
	case t := <-next:
		if t.err != nil {
			return "", cli.Fail(cli.Refused, errors.New("nobody answers any more: nothing was changed"), "")
		}
		return t.line, nil
	case <-ctx.Done():
		fmt.Fprintln(d.call.Err)
		return "", fmt.Errorf("nothing was changed: %w", ctx.Err())
	}
}

// confirm is as the function of that name, and ends with ctx.
func (d dialogue) confirm(ctx context.Context, question string) error {
	if d.in == nil || d.call.Yes {
		return confirm(d.call, question)
	}
	fmt.Fprintf(d.call.Err, "%s [y/N] ", inert.Text(question))
	answer, err := d.read(ctx)
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return cli.Fail(cli.Refused, errors.New("not confirmed"), "the same again goes on where this ended")
}

// choose asks until one of the ways is chosen, each as "y: yes", and returns it.
func (d dialogue) choose(ctx context.Context, question string, ways ...string) (string, error) {
	for {
		fmt.Fprintf(d.call.Err, "%s [%s] ", inert.Text(question), strings.Join(ways, ", "))
		answer, err := d.read(ctx)
		if err != nil {
			return "", err
		}
		answer = strings.ToLower(strings.TrimSpace(answer))
		for _, w := range ways {
			if letter, text, _ := strings.Cut(w, ": "); answer == letter || answer == text {
				return w, nil
			}
		}
		if answer != "" {
			d.Wrong(fmt.Errorf("%q: want one of the letters", answer))
		}
	}
}

// Answer implements setup.Person.
func (d dialogue) Answer(ctx context.Context, q setup.Question, standard string) (string, error) {
	prompt := q.Prompt
	if q.Choice != nil {
		prompt += " (" + strings.Join(q.Choice, ", ") + ")"
	}
	switch {
	case q.Key == setup.Secret && standard != "":
		prompt += " [as before]"
	case standard != "" && q.Optional:
		prompt += " [" + standard + "; " + setup.None + ": " + q.Empty + "]"
	case standard != "":
		prompt += " [" + standard + "]"
	case q.Optional:
		prompt += " (empty: " + q.Empty + ")"
	}
	fmt.Fprintf(d.call.Err, "%s: ", inert.Text(prompt))
	if q.Key == setup.Secret {
		show := cli.Hide(d.call.In)
		defer fmt.Fprintln(d.call.Err)
		defer show()
	}
	return d.read(ctx)
}

// Wrong implements setup.Person.
func (d dialogue) Wrong(err error) {
	fmt.Fprintf(d.call.Err, "  %s\n", inert.Text(err.Error()))
	if hint := cli.Hint(err); hint != "" {
		fmt.Fprintf(d.call.Err, "  Try: %s\n", inert.Text(hint))
	}
}
