package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/hooks"
	"github.com/twinctl/twin/collector/nearest"
	"github.com/twinctl/twin/timetable/task"
)

// FileVariable is the environment variable that names the file.
const FileVariable = "TWIN_CONFIG"

// FactVariables begin the names of the variables that the program of
// deliver.exec is given: that program may well call twinctl.
const FactVariables = "TWIN_FACT_"

// Unheeded says of each TWIN_ variable of an environment, as os.Environ gives
// it, that no setting takes, so that a misspelt one does not go unnoticed.
func Unheeded(environ []string) []string {
	known := slices.Concat(task.Variables(), hooks.Variables(), []string{FileVariable})
	for _, s := range Settings() {
		known = append(known, s.Env())
	}
	var said []string
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "TWIN_") || strings.HasPrefix(name, FactVariables) || slices.Contains(known, name) {
			continue
		}
		if meant, ok := nearest.Word(name, known); ok {
			said = append(said, fmt.Sprintf("%s is no setting and has no effect: did you mean %s?", name, meant))
		} else {
			said = append(said, name+" is no setting and has no effect")
		}
	}
	slices.Sort(said)
	return said
}
