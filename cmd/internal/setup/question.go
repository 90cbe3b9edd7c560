// Package setup makes a collecting server of an installed binary. What is to be
// done is decided from the answers and from what is there; Rim looks and does.
package setup

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// The keys of the answers that are asked for by name.
const (
	Role   = "role"
	Secret = "secret" // the text itself; never shown
)

// Answers are what a person, or the flags, said: by the key of the question. A
// key that holds "" was left out.
type Answers map[string]string

// A Question is one thing that has to be known.
type Question struct {
	Key    string // of the setting in twin.toml, "feed." before those of the feed
	Flag   string
	Prompt string
	Choice []string // nil: any text
	// Default is what stands where nothing is said.
	Default func(Answers) string
	// Kinds are those of a feed that has this; nil: all.
	Kinds []string
	// When tells whether the question makes sense after the answers before it, for
	// a feed of such a kind.
	When     func(Answers) bool
	Wants    string // what When wants, in words
	Optional bool
	Empty    string // what an optional one means that is left out, in words
	List     bool   // words, with space or comma between them
	Path     bool   // a relative one starts at the working directory
}

// Questions lists all, in the order in which they are asked. The host is what
// this machine calls itself, home the directory of the configuration; sshd tells
// whether it shows a host key.
func Questions(host, home string, sshd bool) []Question {
	server := []Question{
		{Key: "name", Flag: "name", Prompt: "this server's name, for life", Default: always(host)},
		{Key: Role, Flag: "role", Prompt: "its first role", Choice: []string{"primary", "secondary"}},
		{Key: "data", Flag: "data", Prompt: "directory of the databases", Default: always("/var/lib/twin"), Path: true},
	}
	ssh := Question{
		Key: "ssh.listen", Flag: "ssh-listen", Prompt: "Twin's own SSH server at HOST:PORT", Optional: sshd, Empty: "the system's sshd",
	}
	if !sshd {
		ssh.Prompt, ssh.Default = "Twin's own SSH server at HOST:PORT (this host has no sshd)", always(":2222")
	}
	return slices.Concat(server, feedQuestions(home), []Question{ssh})
}

func always(s string) func(Answers) string { return func(Answers) string { return s } }

// Open tells whether a question still has to be asked.
func (q Question) Open(a Answers) bool {
	_, said := a[q.Key]
	return !said && q.fits(a)
}

// fits tells whether the question makes sense after the answers before it.
func (q Question) fits(a Answers) bool {
	return q.of(a["feed.kind"]) && (q.When == nil || q.When(a))
}

func (q Question) of(kind string) bool { return q.Kinds == nil || slices.Contains(q.Kinds, kind) }

// Meant returns the question that a flag answers for a feed of that kind, or,
// where the kind is not known or has no such thing, one that takes any text.
func Meant(questions []Question, flag, kind string) (q Question, ok bool) {
	for _, q = range questions {
		if q.Flag == flag && q.of(kind) {
			return q, true
		}
	}
	i := slices.IndexFunc(questions, func(q Question) bool { return q.Flag == flag })
	if i < 0 {
		return Question{}, false
	}
	q = questions[i]
	q.Choice = nil
	return q, true
}

// Fill gives every question that was not answered its default, and returns
// those that have none and need an answer.
func Fill(questions []Question, a Answers) (missing []Question) {
	for _, q := range questions {
		switch {
		case !q.Open(a):
		case q.Default != nil && q.Default(a) != "":
			a[q.Key] = q.Default(a)
		case !q.Optional:
			missing = append(missing, q)
		}
	}
	return missing
}

// Settle checks an answer to the question alone, and makes it the one that is
// kept. The error says what is wanted.
func (q Question) Settle(answer string) (string, error) {
	if q.Key != Secret {
		answer = strings.TrimSpace(answer)
	}
	switch {
	case answer == "" && !q.Optional:
		return "", errors.New("this needs an answer")
	case answer == "":
		return "", nil
	case q.Choice != nil && !slices.Contains(q.Choice, answer):
		return "", fmt.Errorf("%q: want %s", answer, strings.Join(q.Choice, ", "))
	case q.List:
		return strings.Join(Words(answer), " "), nil
	case q.Path && !strings.HasPrefix(answer, sftp):
		return filepath.Abs(answer)
	}
	return answer, nil
}

// SecretFile is where the feed's secret stands: as the configuration says, else
// beside it; "" if the feed needs none.
func SecretFile(config string, a Answers) string {
	if said := a["feed.secret_file"]; said != "" || !ami(a) {
		return said
	}
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", r) {
			return r
		}
		return '_'
	}, a["feed.name"])
	return filepath.Join(filepath.Dir(config), "feed-"+name+".secret")
}
