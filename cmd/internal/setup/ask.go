package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/config"
)

// What may be answered to every question.
const (
	Back = "<"    // back to the question before
	None = "none" // nothing, to one that may be left out, also where something stands in brackets
)

// A Person answers questions.
type Person interface {
	// Answer returns "" for the default, which a secret does not show. It ends with
	// ctx.
	Answer(ctx context.Context, q Question, standard string) (string, error)
	// Wrong says what was wrong with the answer; the question is asked again.
	Wrong(err error)
}

// An Asking asks a person what is not known yet. An answer that has to be given
// once more is offered as it was.
type Asking struct {
	Questions []Question
	Person    Person
	// Check returns what is wrong with all answers so far; of those that are missing,
	// nothing is taken up.
	Check func(Answers) config.Problems

	asked  []string // keys, in order
	before map[string]answer
}

// An answer is one that was taken back.
type answer struct {
	text string
	kind string // of the feed, for which it was
}

// Ask asks what was not answered yet, one after the other, each until the answer
// is good: one that turns out to be wrong by a later answer is asked again at once,
// and one that was not asked, but said, as well.
func (as *Asking) Ask(ctx context.Context, a Answers) error {
	as.takeBack(a)
	for {
		i := slices.IndexFunc(as.Questions, func(q Question) bool { return q.Open(a) })
		if i < 0 {
			return nil
		}
		answered, err := as.askOne(ctx, as.Questions[i], a)
		if err != nil {
			return err
		}
		if answered {
			as.tidy(a)
			as.takeBack(a)
		}
	}
}

// Unasked returns what is wrong with an answer that no question is about: nobody can
// be asked for another.
func (as *Asking) Unasked(a Answers) error {
	full := maps.Clone(a)
	Fill(as.Questions, full) // else what is missing would hide it
	problems := as.Check(full)
	for _, key := range slices.Sorted(maps.Keys(a)) {
		asked := slices.ContainsFunc(as.Questions, func(q Question) bool { return q.Key == key })
		if err := about(problems, key); err != nil && !asked {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// Reaches tells whether there is anything to ask from the question for that key on.
func (as *Asking) Reaches(key string, a Answers) bool {
	return slices.ContainsFunc(as.from(key), func(q Question) bool { return q.fits(a) })
}

// Reopen forgets the answers from the question for that key on, so that they are
// asked once more.
func (as *Asking) Reopen(key string, a Answers) {
	kind := a["feed.kind"]
	for _, q := range as.from(key) {
		as.forget(q.Key, kind, a)
	}
}

func (as *Asking) from(key string) []Question {
	i := slices.IndexFunc(as.Questions, func(q Question) bool { return q.Key == key })
	if i < 0 {
		return nil
	}
	return as.Questions[i:]
}

// forget takes an answer back, to be offered for a feed of that kind.
func (as *Asking) forget(key, kind string, a Answers) {
	text, said := a[key]
	if !said {
		return
	}
	if as.before == nil {
		as.before = make(map[string]answer)
	}
	as.before[key] = answer{text, kind}
	delete(a, key)
}

// tidy takes back what was answered and makes no sense after the last answer.
func (as *Asking) tidy(a Answers) {
	for _, key := range as.asked {
		if !answers(as.Questions, key, a) {
			as.forget(key, a["feed.kind"], a)
		}
	}
}

// takeBack forgets the first answer that is wrong. It is not offered again.
func (as *Asking) takeBack(a Answers) {
	problems := as.Check(a)
	for _, q := range as.Questions {
		if _, said := a[q.Key]; !said || !q.fits(a) {
			continue
		}
		if wrong := about(problems, q.Key); wrong != nil {
			as.Person.Wrong(wrong)
			delete(a, q.Key)
			return
		}
	}
}

// askOne leaves the question open when the answer is not good.
func (as *Asking) askOne(ctx context.Context, q Question, a Answers) (answered bool, err error) {
	standard := as.standard(q, a)
	said, err := as.Person.Answer(ctx, q, standard)
	if err != nil {
		return false, err
	}
	switch strings.TrimSpace(said) {
	case Back:
		as.back(a)
		return false, nil
	case "":
		said = standard
	case None:
		if q.Optional {
			said = ""
		}
	}
	said, err = q.Settle(said)
	if err == nil && q.Key == Secret {
		err = CheckSecret(said)
	}
	if err != nil {
		as.Person.Wrong(err)
		return false, nil
	}
	a[q.Key] = said
	as.asked = append(as.asked, q.Key)
	return true, nil
}

// standard is what an empty answer means: the one before, or what is usual.
func (as *Asking) standard(q Question, a Answers) string {
	before, was := as.before[q.Key]
	ofFeed := strings.HasPrefix(q.Key, "feed.") && q.Key != "feed.kind"
	switch {
	case was && (!ofFeed || before.kind == a["feed.kind"]) && (q.Choice == nil || slices.Contains(q.Choice, before.text)):
		return before.text
	case q.Default != nil:
		return q.Default(a)
	}
	return ""
}

// back takes back what was answered last.
func (as *Asking) back(a Answers) {
	for n := len(as.asked); n > 0; n = len(as.asked) {
		key := as.asked[n-1]
		as.asked = as.asked[:n-1]
		if _, said := a[key]; said {
			as.forget(key, a["feed.kind"], a)
			return
		}
	}
	as.Person.Wrong(errors.New("there is no question before this one"))
}

// about returns the problem with a key, without its place in a file that is not
// written yet.
func about(all config.Problems, key string) error {
	for _, p := range all {
		its, _, _ := strings.Cut(p.Key, "[") // of a list, which of them does not matter here
		if p.Feed == "" && its == key || p.Feed != "" && "feed."+its == key {
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
