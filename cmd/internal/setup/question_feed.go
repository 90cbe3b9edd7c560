package setup

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/config"
)

// sftp begins a directory that lies on another machine.
const sftp = "sftp://"

// feedQuestions lists what has to be known of the first feed; home is the
// directory of the configuration.
func feedQuestions(home string) []Question {
	of := func(kinds ...string) []string { return kinds }
	first := []Question{
		{Key: "feed.kind", Flag: "kind", Prompt: "the first feed is", Choice: of("ami", "tail", "lines", "relp", "syslog", "files")},
		{Key: "feed.name", Flag: "feed", Prompt: "the feed's name", Default: feedName},
		{Key: "feed.username", Flag: "username", Prompt: "user of manager.conf", Kinds: of("ami"), Default: always("twin")},
		{Key: "feed.addresses", Flag: "upstream", Prompt: "its addresses, as tls://pbx.example:5039", Kinds: of("ami"), List: true},
		{Key: Secret, Prompt: "its secret (not shown)", Kinds: of("ami")},
		{Key: "feed.path", Flag: "path", Prompt: "file to follow", Kinds: of("tail"), Path: true},
		{Key: "feed.transport", Flag: "transport", Prompt: "it comes over", Choice: of("udp", "tcp"), Kinds: of("syslog"), Default: always("udp")},
		{Key: "feed.listen", Flag: "listen", Prompt: "the upstream calls this server at HOST:PORT", Kinds: of("lines"), Optional: true, Empty: "this server calls it"},
		{Key: "feed.addresses", Flag: "upstream", Prompt: "its addresses, as tcp://smdr.example:9000", Kinds: of("lines"), When: silent("feed.listen"), Wants: "no --listen", List: true},
		{Key: "feed.listen", Flag: "listen", Prompt: "it is sent to this server at HOST:PORT", Kinds: of("relp", "syslog"), Default: usualPort},
	}
	return append(append(append(first, directoryQuestions(home)...), formatQuestions()...), sealQuestions()...)
}

// directoryQuestions are those of files, but for their format.
func directoryQuestions(home string) []Question {
	kinds := []string{"files"}
	const far = "a directory on an SFTP server: --dir sftp://user@host/path"
	moves := func(a Answers) bool { return a["feed.after"] == "archive" || a["feed.after"] == "delete" }
	return []Question{
		{Key: "feed.dir", Flag: "dir", Prompt: "directory that the files are put into, or sftp://user@host:port/path", Kinds: kinds, Path: true},
		{Key: "feed.key_file", Flag: "key-file", Prompt: "file of the private key that opens it", Kinds: kinds, When: remote, Wants: far, Path: true},
		{
			Key: "feed.known_hosts_file", Flag: "known-hosts-file", Prompt: "file that pins its host key", Kinds: kinds, When: remote, Wants: far,
			Default: always(filepath.Join(home, "known_hosts")), Path: true,
		},
		{Key: "feed.late", Flag: "late", Prompt: "how long after its time a record is in its finished file, at the latest, as 35m", Kinds: kinds},
		{Key: "feed.after", Flag: "after", Prompt: "what becomes of a file that was read", Choice: []string{"leave", "archive", "delete"}, Kinds: kinds, Default: always("leave")},
		{
			Key: "feed.archive", Flag: "archive", Prompt: "directory that it is moved to", Kinds: kinds, Path: true,
			When: func(a Answers) bool { return a["feed.after"] == "archive" }, Wants: "--after archive",
		},
		{Key: "feed.error", Flag: "error", Prompt: "directory for what cannot be read", Kinds: kinds, When: moves, Wants: "--after archive or delete", Path: true},
		{
			Key: "feed.stage", Flag: "stage", Prompt: "directory that a file is moved to before it is read", Kinds: kinds, When: moves,
			Wants: "--after archive or delete", Optional: true, Empty: "none", Path: true,
		},
	}
}

// formatQuestions ask what a record looks like, and how its time is written.
func formatQuestions() []Question {
	const ask, flag = "feed.format", "format"
	const line, wants = "what a line looks like", "--format text"
	zoned := func(a Answers) bool {
		return text(a) || a[ask] == "cdr_csv" || a[ask] == "smdr" || a[ask] == "ech" || a[ask] == "syslog"
	}
	return []Question{
		{Key: ask, Flag: flag, Prompt: line, Choice: strings.Fields("queue_log cdr_csv smdr text"), Kinds: []string{"tail"}, Default: always("queue_log")},
		{Key: ask, Flag: flag, Prompt: line, Choice: strings.Fields("text smdr queue_log cdr_csv ech"), Kinds: []string{"lines"}, Default: always("text")},
		{Key: ask, Flag: flag, Prompt: "what a message holds", Choice: strings.Fields("queue_log cdr_csv smdr ech text syslog"), Kinds: []string{"relp"}, Default: always("queue_log")},
		{Key: ask, Flag: flag, Prompt: "what a message holds", Choice: strings.Fields("syslog queue_log cdr_csv smdr ech text"), Kinds: []string{"syslog"}, Default: always("syslog")},
		{Key: ask, Flag: flag, Prompt: "what the files are", Choice: strings.Fields("ech cucm_cdr smdr queue_log cdr_csv text"), Kinds: []string{"files"}},
		{Key: "feed.time.field", Flag: "time-field", Prompt: "the time stands in the field", When: text, Wants: wants, Default: always("1")},
		{Key: "feed.time.separator", Flag: "time-separator", Prompt: "fields are separated by", When: text, Wants: wants, Optional: true, Empty: "space"},
		{
			Key: "feed.time.layout", Flag: "time-layout", Prompt: `the time as Go would write 3:04:05 pm on 2 January 2006, or "epoch"`,
			When: text, Wants: wants, Default: always("2006-01-02 15:04:05"),
		},
		{
			Key: "feed.time.zone", Flag: "time-zone", Prompt: "its time zone, as Europe/Berlin", When: zoned,
			Wants: "a format that leaves its zone out: --format text, smdr, cdr_csv, ech or syslog", Default: always("UTC"),
		},
	}
}

// sealQuestions ask what whoever sends can promise, and about TLS.
func sealQuestions() []Question {
	kinds := []string{"lines", "relp", "syslog"}
	called := func(a Answers) bool { return a["feed.listen"] != "" && a["feed.transport"] != "udp" }
	sealed := func(a Answers) bool { return a["feed.tls_cert_file"] != "" }
	return []Question{
		{
			Key: "feed.keeps", Flag: "keeps", Prompt: "the sender keeps on disk what it cannot deliver", Choice: []string{"true", "false"},
			Kinds: []string{"relp"}, Default: always("false"),
		},
		{
			Key: "feed.tls_cert_file", Flag: "tls-cert-file", Prompt: "file of this server's certificate, for TLS", Kinds: kinds,
			When: called, Wants: "--listen, and of kind syslog --transport tcp", Optional: true, Empty: "none", Path: true,
		},
		{Key: "feed.tls_key_file", Flag: "tls-key-file", Prompt: "file of its key", Kinds: kinds, When: sealed, Wants: "--tls-cert-file", Path: true},
		{
			Key: "feed.client_ca_file", Flag: "client-ca-file", Prompt: "file of the authority of which who sends needs a certificate", Kinds: kinds,
			When: sealed, Wants: "--tls-cert-file", Optional: true, Empty: "none", Path: true,
		},
	}
}

func silent(key string) func(Answers) bool { return func(a Answers) bool { return a[key] == "" } }

func remote(a Answers) bool { return strings.HasPrefix(a["feed.dir"], sftp) }

func text(a Answers) bool { return a["feed.format"] == "text" }

func ami(a Answers) bool { return a["feed.kind"] == "ami" }

func usualPort(a Answers) string {
	if a["feed.kind"] == "relp" {
		return ":2514"
	}
	return ":5514"
}

func feedName(a Answers) string {
	switch kind := a["feed.kind"]; kind {
	case "tail":
		return "pbx-log"
	case "lines":
		return "smdr"
	case "relp":
		return "pbx-calls"
	case "syslog", "files":
		return kind
	default:
		return "pbx"
	}
}

// Misfit refuses an answer to a question that makes no sense after the others,
// and says when it would.
func Misfit(questions []Question, a Answers) error {
	for _, q := range questions {
		if _, said := a[q.Key]; !said || a[q.Key] == "" || q.Flag == "" || answers(questions, q.Key, a) {
			continue
		}
		kind := a["feed.kind"]
		if meant, _ := Meant(questions, q.Flag, kind); q.Wants != meant.Wants {
			continue // another one of the same flag is for this kind
		}
		if !q.of(kind) {
			return fmt.Errorf("--%s: is for kind %s, and this feed is of kind %s: leave it out, or say another --kind",
				q.Flag, strings.Join(kindsOf(questions, q.Flag), ", "), kind)
		}
		return fmt.Errorf("--%s: makes sense with %s: say that too, or leave it out", q.Flag, q.Wants)
	}
	return nil
}

// Blame says which flags the problems are about, "" if about none.
func Blame(questions []Question, a Answers, problems config.Problems) string {
	var flags []string
	for _, q := range questions {
		if flag := "--" + q.Flag; q.Flag != "" && q.fits(a) && about(problems, q.Key) != nil && !slices.Contains(flags, flag) {
			flags = append(flags, flag)
		}
	}
	if len(flags) == 0 {
		return ""
	}
	return ": say another " + strings.Join(flags, " and ")
}

// answers tells whether a question for the key makes sense.
func answers(questions []Question, key string, a Answers) bool {
	for _, q := range questions {
		if q.Key == key && q.fits(a) {
			return true
		}
	}
	return false
}

// kindsOf returns the kinds that a flag is for.
func kindsOf(questions []Question, flag string) (kinds []string) {
	for _, q := range questions {
		if q.Flag == flag {
			kinds = append(kinds, q.Kinds...)
		}
	}
	return kinds
}
