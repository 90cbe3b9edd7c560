package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/admin"
)

func TestChangesAreShown(t *testing.T) {
	for name, c := range map[string]struct {
		change admin.Change
		want   string
	}{
		"added": {
			admin.Change{Kind: "queue", Key: "support", After: admin.Body{"name": "Support", "service_level": int64(30)}},
			"+ queue/support \"Support\"\n    name: \"Support\"\n    service_level: 30\n",
		},
		"added with nothing to say": {
			admin.Change{Kind: "queue", Key: "support", After: admin.Body{}},
			"+ queue/support\n",
		},
		"a field that nobody knows": {
			admin.Change{Kind: "queue", Key: "support", After: admin.Body{"a\x1b[2J\nb": "x"}},
			"+ queue/support\n    a\\x1b[2J\\nb: \"x\"\n",
		},
		"deleted": {
			admin.Change{Kind: "queue", Key: "support", Before: admin.Body{"name": "Support"}},
			"- queue/support \"Support\"\n    name: \"Support\"\n",
		},
		"to and from the default": {
			admin.Change{Kind: "threshold", Key: "wait", Before: admin.Body{"off": true}, After: admin.Body{"severity": "error"}},
			"~ threshold/wait\n    severity: \"warning\" -> \"error\"\n    off: true -> false\n",
		},
		"a list": {
			admin.Change{
				Kind: "queue-group", Key: "voice",
				Before: admin.Body{"queues": []string{"a", "b"}}, After: admin.Body{"queues": []string{"b", "c, d"}},
			},
			"~ queue-group/voice\n    queues: +c, d, -a\n",
		},
		"the order of a list": {
			admin.Change{
				Kind: "report", Key: "x",
				Before: admin.Body{"columns": []string{"a", "b"}}, After: admin.Body{"columns": []string{"b", "a"}},
			},
			"~ report/x\n    columns: [a,b] -> [b,a]\n",
		},
		"a kind and a field of another version": {
			admin.Change{Kind: "x\x1b", Key: "\u202ey", Before: admin.Body{"z": "1"}, After: admin.Body{"a": "\x1b[2J", "z": "2"}},
			"~ x\\x1b/\\u202ey\n    z: \"1\" -> \"2\"\n    a: \"\" -> \"\\x1b[2J\"\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := writeChanges(&b, []admin.Change{c.change}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What differs behind the part that is shown is a change all the same.
func TestLongValuesAreShownInPart(t *testing.T) {
	long := strings.Repeat("ä", 4000)
	c := admin.Change{Kind: "queue", Key: "q", Before: admin.Body{"description": long + "1"}, After: admin.Body{"description": long + "2"}}
	changes := fieldChanges(c)
	if len(changes) != 1 || utf8.RuneCountInString(changes[0].String()) > 200 {
		t.Errorf("%v", changes)
	}
	if got := clipped("a\x1b", 2); got != `a…` {
		t.Errorf("clipped: %q", got)
	}
}

func TestSummary(t *testing.T) {
	body := admin.Body{}
	all := []admin.Change{{After: body}, {Before: body, After: body}, {Before: body}, {After: body}}
	if got := summary(all); got != "2 added, 1 changed, 1 deleted" {
		t.Error(got)
	}
	if got := summary(nil); got != "nothing to change" {
		t.Error(got)
	}
}

func TestRowsThatAreWanted(t *testing.T) {
	k := thing()
	row := admin.Row{Kind: "thing", Key: "Night", Body: admin.Body{"name": "Äpfel", "limit": int64(0), "queues": []string{"a", "b"}}}
	for words, want := range map[string]bool{
		"": true, "name=Äpfel": true, "name=A\u0308pfel": true, "name=": false, "limit=0": true, "limit=": true, "limit=1": false,
		"off=false": true, "off=true": false, "queues=b": true, "queues=b,a": true, "queues=b,c": false, "queues=": false, "keys=": true,
		"name=Äpfel|off=no": true, "name=Äpfel|off=yes": false,
	} {
		var typed []string
		if words != "" {
			typed = strings.Split(words, "|")
		}
		wanted, err := readAssignments(k, typed, files)
		if err != nil {
			t.Fatalf("%s: %v", words, err)
		}
		if got := meetsAll(row, wanted); got != want {
			t.Errorf("%s: %t", words, got)
		}
	}
	for text, want := range map[string]bool{"": true, "nIGHT": true, "äpf": true, "a\u0308PF": true, "b": true, "c": false} {
		if got := matches(k, row, text); got != want {
			t.Errorf("--match %s: %t", text, got)
		}
	}
}

// No kind has the name of a verb, and no field stands in the way of the JSON
// object's own or of the signs.
func TestKindsAsVerbs(t *testing.T) {
	verbs := map[string]bool{"export": true, "import": true, "log": true, "undo": true}
	for _, k := range admin.Kinds() {
		if verbs[k.Name] {
			t.Errorf("kind %s is a verb too", k.Name)
		}
		for _, f := range k.Fields {
			if f.Name == "kind" || f.Name == "key" || strings.ContainsAny(f.Name, "=+,") || strings.HasSuffix(f.Name, "-") {
				t.Errorf("%s: field %q", k.Name, f.Name)
			}
			if f.Short == "" {
				t.Errorf("%s: field %s has no meaning", k.Name, f.Name)
			}
		}
	}
}
