package main

import (
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
)

// fieldsWidth is how wide the list of fields in help is; help puts four
// characters in front.
const fieldsWidth = 76

// adminCommand has a verb for each kind of the catalogue, so that help,
// completion and suggestions come from that one list.
func adminCommand() cli.Command {
	c := cli.Command{
		Name:  "admin",
		Short: "administer names, limits, users, reports, settings: what both servers share",
		Long: `Administration data is what people set. It is changed on the primary, in one transaction that is numbered and written down, and twinctl sync carries it to the secondary. ` +
			`Every kind has the verbs list, show, set and delete; twinctl help admin KIND tells its fields.`,
		Examples: []cli.Example{
			{Line: `twinctl admin queue set support name="Support, English"`, Why: "a name for a queue"},
			{Line: "twinctl admin queue list", Why: "all queues that have one"},
			{Line: "twinctl help admin user", Why: "what is there to be said about a user?"},
			{Line: "twinctl admin log --since 24h", Why: "who changed what since yesterday?"},
			{Line: "twinctl admin undo", Why: "take the last change back"},
		},
	}
	for _, k := range admin.Kinds() {
		c.Sub = append(c.Sub, kindCommand(k))
	}
	c.Sub = append(c.Sub, adminExportCommand(), adminImportCommand(), adminLogCommand(), adminUndoCommand())
	return c
}

func kindCommand(k admin.Kind) cli.Command {
	return cli.Command{
		Name:     k.Name,
		Short:    k.Short,
		Long:     "Fields:\n\n" + fieldsHelp(k) + "\n\n" + keyHelp(k),
		Examples: []cli.Example{{Line: setLine(k)}, {Line: "twinctl admin " + k.Name + " list"}},
		Sub:      []cli.Command{kindListCommand(k), kindShowCommand(k), kindSetCommand(k), kindDeleteCommand(k)},
	}
}

// keyHelp says what a row of the kind is named by.
func keyHelp(k admin.Kind) string {
	switch {
	case len(keysGiven(k)) > 0:
		return "KEY is one of:\n\n" + settingsHelp()
	case k.ID:
		return "KEY is the " + k.Label + ", or the id that a new one is given."
	}
	return "KEY is its name: " + k.Short + "."
}

// keysGiven returns the keys of a kind that has a closed list of them.
func keysGiven(k admin.Kind) []string {
	if k.Name != settingKind {
		return nil
	}
	var keys []string
	for _, s := range admin.Settings() {
		keys = append(keys, s.Key)
	}
	return keys
}

func settingsHelp() string {
	var entries [][2]string
	for _, s := range admin.Settings() {
		entries = append(entries, [2]string{s.Key, s.Short + "; " + s.Default + " unless set"})
	}
	return entryList(entries)
}

// fieldsHelp lists the fields with their type, default and meaning.
func fieldsHelp(k admin.Kind) string {
	var entries [][2]string
	for _, f := range k.Fields {
		entries = append(entries, [2]string{f.Name, fieldHelp(f)})
	}
	return entryList(entries)
}

func fieldHelp(f admin.Field) string {
	words := []string{typeHelp(f)}
	switch standard := valueText(f.Default); {
	case f.Required:
		words = append(words, "required")
	case f.Type == admin.Integer || f.Type == admin.Bool:
		words = append(words, "default "+valueText(f.Value(nil)))
	case standard != "":
		words = append(words, "default "+standard)
	}
	if f.Unique {
		words = append(words, "in no other row")
	}
	return strings.Join(words, "; ") + ". " + strings.ToUpper(f.Short[:1]) + f.Short[1:]
}

func typeHelp(f admin.Field) string {
	switch f.Type {
	case admin.Integer:
		return fmt.Sprintf("%d to %d", f.Min, f.Max)
	case admin.Bool:
		return "true or false"
	case admin.Choice:
		return "one of " + strings.Join(f.Choices, ", ")
	case admin.Ref:
		return "KEY of a " + f.To
	case admin.Refs:
		return "list of " + f.To + " KEYs"
	case admin.List:
		return "list"
	case admin.Text:
	}
	return "text"
}

// entryList writes words behind labels, as a paragraph that help leaves as it is.
func entryList(entries [][2]string) string {
	longest := 0
	for _, e := range entries {
		longest = max(longest, len(e[0]))
	}
	var b strings.Builder
	for _, e := range entries {
		_ = cli.WriteFilled(&b, fieldsWidth, fmt.Sprintf("  %-*s  ", longest, e[0]), e[1]) // a builder takes everything
	}
	return strings.TrimRight(b.String(), "\n")
}

// setLine returns an example of the kind's set that can be typed.
func setLine(k admin.Kind) string {
	words, ok := map[string]string{
		"queue":        `support name="Support, English" service_level=30`,
		"queue-group":  `voice name=Voice queues=support,sales`,
		"agent":        `101 name="Ann Lee" aliases+=PJSIP/101`,
		"agent-group":  `night agents=101,102`,
		"pause-reason": `lunch name="Lunch break"`,
		"calendar":     `desk hours="mon-fri 08:00-18:00"`,
		"user":         `ann permission=operate keys+=@ann.pub`,
		"target":       `noc type=mail address=noc@example.com`,
		"threshold":    `wait measure=longest_wait limit=120 targets=noc`,
		"report":       `"Day by queue" question=queue by=day`,
		"timetable":    `nightly schedule="0 2 * * *" tasks="backup full"`,
		settingKind:    `time_zone value=Europe/Berlin`,
	}[k.Name]
	if !ok {
		words = "KEY " + k.Fields[0].Name + "=VALUE"
	}
	return "twinctl admin " + k.Name + " set " + words
}
