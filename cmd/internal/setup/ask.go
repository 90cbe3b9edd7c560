package setup

import (
	"context"
	"errors"
	"strings"

	"github.com/twinctl/twin/cmd/internal/config"
)

// A Person answers questions.
type Person interface {
	// Answer returns "" for the default. It ends with ctx.
	Answer(ctx context.Context, q Question, standard string) (string, error)
	// Wrong says what was wrong with the answer; the question is asked again.
	Wrong(err error)
}

// Ask asks what was not answered yet, one after the other, each until the answer
// is good. Check returns what is wrong with all answers so far; what it finds
// only at the end is asked again.
func Ask(ctx context.Context, questions []Question, a Answers, p Person, check func(Answers) config.Problems) error {
	var asked []Question
	for again := true; again; {
		for _, q := range questions {
			for q.Open(a) {
				if err := askOne(ctx, q, a, p); err != nil {
					return err
				}
				asked = append(asked, q)
				takeBack([]Question{q}, a, p, check(a))
			}
		}
		again = takeBack(asked, a, p, check(a))
	}
	return nil
}

// takeBack forgets the first answer to these questions that is wrong, and tells
// whether there was one.
func takeBack(questions []Question, a Answers, p Person, problems config.Problems) bool {
	for _, q := range questions {
		if wrong := about(problems, q.Key); wrong != nil {
			p.Wrong(wrong)
			delete(a, q.Key)
			return q.Open(a) // else it could not be asked again
		}
	}
	return false
}

// askOne leaves the question open when the answer is not good.
func askOne(ctx context.Context, q Question, a Answers, p Person) error {
	standard := ""
	if q.Default != nil {
		standard = q.Default(a)
	}
	answer, err := p.Answer(ctx, q, standard)
	if err != nil {
		return err
	}
	if answer == "" {
		answer = standard
	}
	answer, err = q.Settle(answer)
	if err == nil && q.Key == Secret {
		err = CheckSecret(answer)
	}
	if err != nil {
		p.Wrong(err)
		return nil
	}
	a[q.Key] = answer
	return nil
}

// about returns the problem with a key, without its place in a file that is not
// written yet.
func about(all config.Problems, key string) error {
	for _, p := range all {
		its, _, _ := strings.Cut(p.Key, "[") // of a list, which of them does not matter here
		if its == key || "feed."+its == key {
			return p.Err
		}
	}
	return nil
}

const maxSecret = 4096 // bytes, as the feed reads

// CheckSecret refuses what cannot stand in a secret file.
func CheckSecret(secret string) error {
	if secret == "" || len(secret) >= maxSecret {
		return errors.New("the secret: want one line")
	}
	for _, r := range secret {
		if r < ' ' || r == 0x7f {
			return errors.New("the secret holds a control character: want one line")
		}
	}
	return nil
}
