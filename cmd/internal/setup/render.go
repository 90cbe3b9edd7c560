package setup

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
)

// Render returns the twin.toml that says what was answered, with the feed's
// secret in secretFile.
func Render(a Answers, secretFile string) string {
	var top, tables strings.Builder
	section := ""
	for _, s := range config.Settings() {
		value, said := a[s.Key]
		if !said || value == s.Default && s.Key != "data" {
			continue
		}
		table, key, nested := strings.Cut(s.Key, ".")
		switch {
		case !nested:
			fmt.Fprintf(&top, "%s = %s\n", s.Key, config.Written(s.Value(value)))
			continue
		case table != section:
			fmt.Fprintf(&tables, "\n[%s]\n", table)
			section = table
		}
		fmt.Fprintf(&tables, "%s = %s\n", key, config.Written(s.Value(value)))
	}
	return top.String() + tables.String() + renderFeed(a, secretFile)
}

func renderFeed(a Answers, secretFile string) string {
	var b strings.Builder
	if a["feed.kind"] == "" {
		return "" // not asked yet
	}
	b.WriteString("\n[[feed]]\n")
	line := func(key string, value any) { fmt.Fprintf(&b, "%s = %s\n", key, config.Written(value)) }
	for _, key := range feedKeys() {
		switch value := a["feed."+key]; {
		case value == "" || value == "false" || key == "after" && value == "leave" || key == "format" && value == kindFormat(a):
		case value == "true":
			line(key, true)
		default:
			line(key, value)
		}
	}
	if words := Words(a["feed.addresses"]); len(words) > 0 {
		line("addresses", words)
	}
	if ami(a) {
		line("username", a["feed.username"])
		line("secret_file", secretFile)
	}
	if when := renderTime(a); len(when) > 0 {
		line("time", when)
	}
	return b.String()
}

// feedKeys are the keys of a feed that are texts, in the order in which they are
// written.
func feedKeys() []string {
	return []string{
		"name", "kind", "format", "path", "transport", "listen", "tls_cert_file", "tls_key_file", "client_ca_file", "keeps",
		"dir", "key_file", "known_hosts_file", "late", "after", "stage", "archive", "error",
	}
}

// kindFormat returns the format that a feed has which names none, "" if its kind
// has none.
func kindFormat(a Answers) string {
	for _, k := range collector.Kinds() {
		if k.Name == a["feed.kind"] {
			return k.Format
		}
	}
	return ""
}

// renderTime returns what is to be said of the time. That it is UTC goes without
// saying where a format knows the rest.
func renderTime(a Answers) map[string]any {
	when := make(map[string]any)
	for _, key := range []string{"separator", "layout", "zone"} {
		if value := a["feed.time."+key]; value != "" {
			when[key] = value
		}
	}
	if len(when) == 1 && when["zone"] == "UTC" {
		return nil
	}
	if field := a["feed.time.field"]; field != "" {
		when["field"] = field // what is no number is refused as such
		if n, err := strconv.Atoi(field); err == nil {
			when["field"] = n
		}
	}
	return when
}

// Words splits the answer to a question for a list.
func Words(answer string) []string {
	return strings.FieldsFunc(answer, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
}
