package admin

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/inert"
)

// The catalogue keeps its own rules.
func TestCatalogue(t *testing.T) {
	names := []string{}
	for _, k := range Kinds() {
		for _, f := range k.Fields {
			checkField(t, k, f, names)
		}
		if k.Short == "" || k.Name != strings.ToLower(k.Name) {
			t.Errorf("%s: %q", k.Name, k.Short)
		}
		if label, ok := k.Field(k.Label); k.Label != "" && !ok || k.ID && !(label.Unique && label.Required) {
			t.Errorf("%s: its label %q: %+v", k.Name, k.Label, label)
		}
		names = append(names, k.Name)
	}
	if diff := cmp.Diff(order[:], names); diff != "" {
		t.Error(diff)
	}
}

// What it refers to stands before it, so that a bundle's rows come in an order
// in which they could be written one by one.
func checkField(t *testing.T, k Kind, f Field, before []string) {
	t.Helper()
	at := k.Name + "." + f.Name
	isRef := f.Type == Ref || f.Type == Refs
	switch {
	case f.Short == "":
		t.Errorf("%s says not what it means", at)
	case isRef != (f.To != "") || !isRef && (f.Gone != "" || f.Owner):
		t.Errorf("%s: %s of kind %q", at, f.Type, f.To)
	case isRef && !slices.Contains(before, f.To):
		t.Errorf("%s refers to %s, which does not stand before it", at, f.To)
	case (f.Type == Choice) != (f.Choices != nil):
		t.Errorf("%s: %s with %d choices", at, f.Type, len(f.Choices))
	case f.Type == Integer && f.Min >= f.Max:
		t.Errorf("%s: from %d to %d", at, f.Min, f.Max)
	case f.Owner && (f.To != "user" || f.Gone != Stands):
		t.Errorf("%s: an owner that is %s", at, f.To)
	}
	if f.Default != nil {
		if v, err := f.normal(f.Default); err != nil || v != f.Default {
			t.Errorf("%s: its default is not valid: %v", at, err)
		}
	}
	if f.Type == Choice && !f.Required && f.Default == nil {
		t.Errorf("%s: a choice without a default", at)
	}
}

func TestSettingsHaveValidDefaults(t *testing.T) {
	k, _ := KindNamed("setting")
	for _, s := range Settings() {
		if _, err := k.Normal(Row{"setting", s.Key, Body{"value": s.Default}}); err != nil {
			t.Error(err)
		}
	}
}

const key1 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ann@desk"

func TestNormal(t *testing.T) {
	for name, c := range map[string]struct {
		row  Row
		want string // canonical, or what the error says
	}{
		"defaults are left out": {Row{"user", "ann", Body{"permission": "view", "name": "", "keys": []string{}}}, `{}`},
		"others are kept":       {Row{"user", "ann", Body{"permission": "admin", "keys": []string{key1}}}, `{"keys":["` + key1 + `"],"permission":"admin"}`},
		"composed":              {Row{"queue", "a", Body{"name": "u\u0308"}}, `{"name":"ü"}`},
		"empty key":             {Row{"queue", "", Body{}}, `queue: the key is empty`},
		"escape in the key":     {Row{"queue", "a\x1b[2J", Body{}}, `\x1b`},
		"long key":              {Row{"queue", strings.Repeat("x", 257), Body{}}, `257 bytes`},
		"unknown field":         {Row{"queue", "a", Body{"nane": "x"}}, `(name?)`},
		"another type":          {Row{"queue", "a", Body{"name": int64(1)}}, `name holds a int64: want text`},
		"no choice":             {Row{"user", "ann", Body{"permission": "root"}}, `permission is "root": want view, operate, admin`},
		"out of range":          {Row{"queue", "a", Body{"service_level": int64(-1)}}, `want 0 to 600`},
		"line break":            {Row{"queue", "a", Body{"description": "a\nb"}}, `printable`},
		"required":              {Row{"target", "noc", Body{"type": "mail"}}, `address is missing`},
		"required, but empty":   {Row{"target", "noc", Body{"type": "mail", "address": ""}}, `address is empty`},
		"twice in a list":       {Row{"agent", "1", Body{"aliases": []string{"PJSIP/1", "PJSIP/1"}}}, `twice`},
		"login":                 {Row{"user", "../x", Body{}}, `want small letters`},
		"key without type":      {Row{"user", "ann", Body{"keys": []string{"AAAA"}}}, `want a public key`},
		"key with options":      {Row{"user", "ann", Body{"keys": []string{`command="x" ` + key1}}}, `want a public key`},
		"key of another type":   {Row{"user", "ann", Body{"keys": []string{"ssh-rsa " + strings.Fields(key1)[1]}}}, `of another type`},
		"key that is cut":       {Row{"user", "ann", Body{"keys": []string{key1[:28]}}}, `cut off`},
		"hours":                 {Row{"calendar", "c", Body{"hours": []string{"mon-fri 08:00-18:00", "sat 09:00-24:00"}}}, `{"hours":["mon-fri 08:00-18:00","sat 09:00-24:00"]}`},
		"hours past midnight":   {Row{"calendar", "c", Body{"hours": []string{"fri 22:00-02:00"}}}, `two entries`},
		"no such day":           {Row{"calendar", "c", Body{"hours": []string{"fri-mon 08:00-10:00"}}}, `as mon-fri`},
		"one digit":             {Row{"calendar", "c", Body{"hours": []string{"fri 8:00-10:00"}}}, `as mon-fri`},
		"holiday":               {Row{"calendar", "c", Body{"holidays": []string{"2026-12-25 Christmas", "2026-12-26"}}}, `{"holidays":["2026-12-25 Christmas","2026-12-26"]}`},
		"days":                  {Row{"calendar", "c", Body{"days": []string{"last working", "2nd mon", "-1", "2026-12-24 to 2027-01-06"}}}, `{"days":["last working","2nd mon","-1","2026-12-24 to 2027-01-06"]}`},
		"no such monthday":      {Row{"calendar", "c", Body{"days": []string{"32"}}}, `days has "32": want days of a month`},
		"no such date":          {Row{"calendar", "c", Body{"holidays": []string{"2026-02-30"}}}, `want a date`},
		"the same day twice":    {Row{"calendar", "c", Body{"holidays": []string{"2026-12-25", "2026-12-25 x"}}}, `2026-12-25 twice`},
		"zone":                  {Row{"calendar", "c", Body{"zone": "Mars/Olympus"}}, `time zone`},
		"zone of the machine":   {Row{"calendar", "c", Body{"zone": "Local"}}, `want a place`},
		"zone by path":          {Row{"calendar", "c", Body{"zone": "../../etc/passwd"}}, `time zone`},
		"no bin":                {Row{"queue", "a", Body{"service_level": int64(7)}}, `service_level is "7": want 0, 5, 10,`},
		"setting":               {Row{"setting", "time_zone", Body{"value": "Europe/Berlin"}}, `{"value":"Europe/Berlin"}`},
		"setting out of range":  {Row{"setting", "service_level", Body{"value": "0"}}, `value is "0"`},
		"setting without a bin": {Row{"setting", "service_level", Body{"value": "21"}}, `want 5, 10, 15, 20,`},
		"no short abandons":     {Row{"setting", "short_abandon", Body{"value": "0"}}, `{"value":"0"}`},
		"no such formula":       {Row{"setting", "service_level_formula", Body{"value": "best"}}, `want default, answered,`},
		"no such setting":       {Row{"setting", "time_zones", Body{"value": "x"}}, `did you mean time_zone?`},
		"mail":                  {Row{"target", "n", Body{"type": "mail", "address": "Noc <noc@example.com>"}}, `want a mail address`},
		"program":               {Row{"target", "n", Body{"type": "exec", "address": "+49 30 1234", "severity": "none"}}, `{"address":"+49 30 1234","severity":"none","type":"exec"}`},
		"no such way":           {Row{"target", "n", Body{"type": "pigeon", "address": "x"}}, `want mail, exec`},
		"two of which one":      {Row{"threshold", "t", Body{"measure": "waiting", "queue": "a", "queue_group": "b"}}, `want one`},
		"two groups of agents":  {Row{"threshold", "t", Body{"measure": "agent_state", "limit": int64(60), "state": "talk", "agent": "a", "agent_group": "b"}}, `agent and agent_group are both said`},
		"of a queue, no agent":  {Row{"threshold", "t", Body{"measure": "waiting", "agent": "a"}}, `waiting is of the queue`},
		"without its limit":     {Row{"threshold", "t", Body{"measure": "longest_wait"}}, `limit is missing`},
		"beyond eight hours":    {Row{"threshold", "t", Body{"measure": "longest_wait", "limit": int64(28_801)}}, `want 0 to 28800`},
		"too many":              {Row{"threshold", "t", Body{"measure": "waiting", "count": int64(1000)}}, `want 0 to 999`},
		"between two lengths":   {Row{"threshold", "t", Body{"measure": "abandoned", "limit": int64(22)}}, `counted by 5, 10,`},
		"without its percent":   {Row{"threshold", "t", Body{"measure": "service_level", "limit": int64(20)}}, `want 1 to 100`},
		"percent of calls":      {Row{"threshold", "t", Body{"measure": "waiting", "percent": int64(80)}}, `waiting has none`},
		"without its state":     {Row{"threshold", "t", Body{"measure": "agent_state", "limit": int64(60)}}, `state is missing`},
		"no such state":         {Row{"threshold", "t", Body{"measure": "agent_state", "limit": int64(60), "state": "x"}}, `want available, paused`},
		"state of a queue":      {Row{"threshold", "t", Body{"measure": "waiting", "state": "talk"}}, `state is said`},
		"reason of a talk":      {Row{"threshold", "t", Body{"measure": "agent_state", "limit": int64(60), "state": "talk", "reason": "x"}}, `only state=paused`},
		"a whole threshold":     {Row{"threshold", "t", Body{"measure": "service_level", "limit": int64(20), "percent": int64(80), "count": int64(9)}}, `{"count":9,"limit":20,"measure":"service_level","percent":80}`},
		"inert, but no harm":    {Row{"queue", `'; DROP TABLE row; --`, Body{"name": `../../x`}}, `{"name":"../../x"}`},
	} {
		t.Run(name, func(t *testing.T) {
			k, ok := KindNamed(c.row.Kind)
			if !ok {
				t.Fatal(c.row.Kind)
			}
			row, err := k.Normal(c.row)
			got := string(row.Body.Canonical())
			if err != nil {
				got = err.Error()
			}
			if err == nil && got != c.want || !strings.Contains(got, c.want) || inert.Text(got) != got {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
