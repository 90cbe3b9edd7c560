package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/setup"
	"github.com/twinctl/twin/switchover"
)

// TestDialogueInterrupted: a signal ends a question that nobody answers.
func TestDialogueInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	unproven := promotePlan{Name: "cms-b", Twin: "cms-a", Ruling: switchover.Ruling{Verdict: switchover.VerdictNoProof, Because: "it gives no answer"}}
	for name, ask := range map[string]func(dialogue) error{
		"question": func(d dialogue) error {
			_, err := d.Answer(ctx, setup.Question{Key: setup.Secret, Prompt: "its secret"}, "")
			return err
		},
		"confirm": func(d dialogue) error { return d.confirm(ctx, "Do this?") },
		"promote": func(d dialogue) error { return askPromote(ctx, d.call, &promoteWish{}, unproven) },
	} {
		in, typed := io.Pipe()
		defer typed.Close()
		var said bytes.Buffer
		d := dialogue{&cli.Call{Stdio: cli.Stdio{In: in, Err: &said}}, bufio.NewReader(in)}
		if err := ask(d); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
