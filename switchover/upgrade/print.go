package upgrade

import (
	"fmt"
	"strings"

	"github.com/twinctl/twin/collector/inert"
)

// Text writes the plan for a terminal.
func (p Plan) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", inert.Text(p.title()))
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "\n%2d. on %s: %s\n    %s\n", i+1, inert.Text(s.On), inert.Text(s.Do), inert.Text(s.Why))
		for _, c := range s.Commands {
			fmt.Fprintf(&b, "      %s\n", inert.Text(c))
		}
		fmt.Fprintf(&b, "    until %s\n", inert.Text(s.Until))
	}
	if len(p.Steps) > 0 {
		fmt.Fprintf(&b, "\n%s\n", inert.Text(p.ifNot()))
	}
	return b.String()
}

// Markdown writes the plan as a sheet to be ticked off.
func (p Plan) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", plain(p.title()))
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "\n## %d. On %s: %s\n\n%s.\n\n```\n", i+1, plain(s.On), plain(s.Do), plain(sentence(s.Why)))
		for _, c := range s.Commands {
			fmt.Fprintf(&b, "%s\n", inert.Text(c))
		}
		fmt.Fprintf(&b, "```\n\n- [ ] %s\n", plain(sentence(s.Until)))
	}
	if len(p.Steps) > 0 {
		fmt.Fprintf(&b, "\n%s\n", plain(p.ifNot()))
	}
	return b.String()
}

func (p Plan) title() string {
	to := p.To
	if to == "" {
		to = "the new version"
	}
	var who []string
	for _, s := range p.Servers {
		version := s.Version
		if version == "" {
			version = "version not known"
		}
		who = append(who, fmt.Sprintf("%s (%s, %s)", s.Name, s.Role, version))
	}
	if len(p.Steps) == 0 {
		return strings.Join(who, " and ") + ": nothing is left to do"
	}
	return fmt.Sprintf("Upgrade of %s to %s without loss", strings.Join(who, " and "), to)
}

func (p Plan) ifNot() string {
	return "Where one does not come to be so, stop there: the other one works as before. Back to the version before: twind of that version says which copies it can open. " +
		"Where twind is not a service, stop and start it as you do."
}

// sentence is a text that begins one.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// plain is a text that Markdown takes for nothing else.
func plain(s string) string {
	var b strings.Builder
	for _, r := range inert.Text(s) {
		if strings.ContainsRune("\\`*_{}[]<>#|~&!", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
