package setup

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twinctl/twin/cmd/internal/config"
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
	for _, key := range []string{"name", "kind", "format", "path", "listen"} {
		if value := a["feed."+key]; value != "" {
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
	when := make(map[string]any)
	for _, key := range []string{"separator", "layout", "zone"} {
		if value := a["feed.time."+key]; value != "" {
			when[key] = value
		}
	}
	if field := a["feed.time.field"]; field != "" {
		when["field"] = field // what is no number is refused as such
		if n, err := strconv.Atoi(field); err == nil {
			when["field"] = n
		}
	}
	if len(when) > 0 {
		line("time", when)
	}
	return b.String()
}

// Words splits the answer to a question for a list.
func Words(answer string) []string {
	return strings.FieldsFunc(answer, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
}
