package switchover

import (
	"fmt"
	"strings"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/switchover/preflight"
)

// Markdown writes the plan as a page to hand out.
func (p Plan) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Switch-over from %s to %s\n\n", plain(p.From), plain(p.To))
	switch {
	case p.Already:
		fmt.Fprintf(&b, "%s is primary already: nothing would be done.\n", plain(p.From))
	case p.Ready:
		fmt.Fprintf(&b, "Ready. %s is primary by epoch %d; %s would be by epoch %d.\n", plain(p.From), p.Epoch, plain(p.To), p.Next)
	default:
		b.WriteString("**Not ready**: see the blockers below.\n")
	}
	b.WriteString("\n## Checks\n\n")
	writeChecks(&b, p.Checks)
	b.WriteString("\n## Steps\n\n| # | step | what is done | why | at most | if a later step fails |\n|---|---|---|---|---|---|\n")
	for i, s := range p.Steps {
		limit := s.Limit.String()
		if s.Name == "wait" {
			limit = p.Options.drain().String()
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s |\n", i+1, s.Name, s.What, s.Why, limit, s.Undo)
		if s.Return {
			b.WriteString("| | | **point of no return**: what fails from here on is finished, by `twinctl switchover --resume`; `--abort` gives the role back as long as the other server has not taken it | | | |\n")
		}
	}
	b.WriteString("\n## Commands\n\n")
	b.WriteString("    twinctl switchover --dry-run\n    twinctl switchover --reason '...'\n    twinctl switchover status\n")
	b.WriteString("    twinctl switchover --resume      # if it has halted; on either server\n    twinctl switchover --abort\n    twinctl switchover --failback    # home again, later\n")
	return b.String()
}

func writeChecks(b *strings.Builder, all []preflight.Check) {
	ok := 0
	for _, c := range preflight.Sorted(all) {
		if c.Level == preflight.OK {
			ok++
			continue
		}
		fmt.Fprintf(b, "- %s: %s", c.Level, plain(c.String()))
		if c.Fix != "" {
			fmt.Fprintf(b, " — `%s`", plain(c.Fix))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "- ok: %d\n", ok)
}

// plain makes foreign text harmless on a line of Markdown.
func plain(s string) string {
	return strings.NewReplacer("|", "/", "`", "'", "<", "(", ">", ")", "*", "", "_", "\\_", "[", "(", "]", ")").Replace(inert.Text(s))
}
