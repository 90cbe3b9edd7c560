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
	// When tells whether the question makes sense after the answers before it.
	When     func(Answers) bool
	Optional bool
	List     bool // words, with space or comma between them
	Path     bool // a relative one starts at the working directory
}

// Questions lists all, in the order in which they are asked. The host is what
// this machine calls itself; sshd tells whether it shows a host key.
func Questions(host string, sshd bool) []Question {
	server := []Question{
		{Key: "name", Flag: "name", Prompt: "this server's name, for life", Default: always(host)},
		{Key: Role, Flag: "role", Prompt: "its first role", Choice: []string{"primary", "secondary"}},
		{Key: "data", Flag: "data", Prompt: "directory of the databases", Default: always("/var/lib/twin"), Path: true},
	}
	feed := []Question{
		{Key: "feed.kind", Flag: "kind", Prompt: "the first feed is", Choice: []string{"ami", "tail", "lines"}},
		{Key: "feed.name", Flag: "feed", Prompt: "the feed's name", Default: feedName},
		{Key: "feed.username", Flag: "username", Prompt: "user of manager.conf", When: ami, Default: always("twin")},
		{Key: "feed.addresses", Flag: "upstream", Prompt: "its addresses, as tls://pbx.example:5039", When: ami, List: true},
		{Key: Secret, Prompt: "its secret (not shown)", When: ami},
		{Key: "feed.path", Flag: "path", Prompt: "file to follow", When: kind("tail"), Path: true},
		{Key: "feed.listen", Flag: "listen", Prompt: "the upstream calls this server at HOST:PORT (empty: this server calls it)", When: kind("lines"), Optional: true},
		{Key: "feed.addresses", Flag: "upstream", Prompt: "its addresses, as tcp://smdr.example:9000", When: callsLines, List: true},
		{Key: "feed.format", Flag: "format", Prompt: "what a line looks like", Choice: []string{"queue_log", "text"}, When: kind("tail"), Default: always("queue_log")},
		{Key: "feed.time.field", Flag: "time-field", Prompt: "the time stands in the field", When: text, Default: always("1")},
		{Key: "feed.time.separator", Flag: "time-separator", Prompt: "fields are separated by (empty: space)", When: text, Optional: true},
		{Key: "feed.time.layout", Flag: "time-layout", Prompt: `the time as Go would write 3:04:05 pm on 2 January 2006, or "epoch"`, When: text, Default: always("2006-01-02 15:04:05")},
		{Key: "feed.time.zone", Flag: "time-zone", Prompt: "its time zone, as Europe/Berlin", When: text, Default: always("UTC")},
	}
	ssh := Question{
		Key: "ssh.listen", Flag: "ssh-listen", Prompt: "Twin's own SSH server at HOST:PORT (empty: the system's sshd)", Optional: sshd,
	}
	if !sshd {
		ssh.Prompt, ssh.Default = "Twin's own SSH server at HOST:PORT (this host has no sshd)", always(":2222")
	}
	return slices.Concat(server, feed, []Question{ssh})
}

func always(s string) func(Answers) string { return func(Answers) string { return s } }

func kind(name string) func(Answers) bool {
	return func(a Answers) bool { return a["feed.kind"] == name }
}

func ami(a Answers) bool { return a["feed.kind"] == "ami" }

func callsLines(a Answers) bool { return a["feed.kind"] == "lines" && a["feed.listen"] == "" }

func text(a Answers) bool {
	return a["feed.kind"] == "lines" || a["feed.kind"] == "tail" && a["feed.format"] == "text"
}

func feedName(a Answers) string {
	switch a["feed.kind"] {
	case "tail":
		return "pbx-log"
	case "lines":
		return "smdr"
	default:
		return "pbx"
	}
}

// Open tells whether a question still has to be asked.
func (q Question) Open(a Answers) bool {
	_, said := a[q.Key]
	return !said && (q.When == nil || q.When(a))
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
	case q.Choice != nil && !slices.Contains(q.Choice, answer):
		return "", fmt.Errorf("%q: want %s", answer, strings.Join(q.Choice, ", "))
	case q.List:
		return strings.Join(Words(answer), " "), nil
	case q.Path:
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
