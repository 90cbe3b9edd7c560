package task

import (
	"encoding/json"
	"strings"

	"github.com/twinctl/twin/collector/inert"
)

// says begins the line in which a verb says why it failed.
const says = "twinctl: "

// why returns which line of what a failed task said tells the reason, behind a
// colon; "" if none does.
func (t Task) why(said string) string {
	const most = 240
	line := lastLine(said)
	if k, _ := t.kind(); k.Verb != nil {
		if own := lastError(said); own != "" {
			line = own
		}
	}
	switch {
	case line == "":
		return ""
	case len(line) > most:
		line = strings.ToValidUTF8(line[:most], "") + "..."
	}
	return ": " + inert.Text(line)
}

// lastError returns the error that a verb said last, as it writes them for
// people or for programs; "" if it said none. What it says behind that is a way
// out, or of no account.
func lastError(said string) (last string) {
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, says); ok {
			last = text
			continue
		}
		if strings.HasPrefix(line, `{"error":`) {
			doc := struct{ Error string }{}
			if json.Unmarshal([]byte(line), &doc) == nil && doc.Error != "" {
				last = strings.ReplaceAll(doc.Error, "\n", "; ")
			}
		}
	}
	return last
}

// lastLine returns the last line that is not the way out that follows a
// reason, "" if there is none.
func lastLine(said string) (last string) {
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "Try: ") && !strings.HasPrefix(line, "Next: ") {
			last = line
		}
	}
	return last
}
