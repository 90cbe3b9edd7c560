package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
)

// kindOf returns a kind of the catalogue.
func kindOf(name string) admin.Kind {
	k, _ := admin.KindNamed(name)
	return k
}

// rowOf is a row of a kind that says something in its first fields.
func rowOf(k admin.Kind, key string, said ...string) Row {
	r := Row{Key: key, Called: key, Values: make([]string, len(k.Fields))}
	for i, f := range k.Fields {
		r.Values[i] = defaultText(f)
	}
	copy(r.Values, said)
	return r
}

func queueRows() []Row {
	k := kindOf("queue")
	rows := []Row{rowOf(k, "billing", "Billing"), rowOf(k, "support", "Support, English", "SUP")}
	rows[1].Pending = true
	return rows
}

func edits() []Edited {
	change := Change{Kind: "queue", Key: "support", Called: "Support, English", Sign: "~", Fields: []Difference{{"name", "Support", "Support, English"}, {"service_level", "20", ""}}}
	return []Edited{
		{Generation: 12, At: night, Actor: "ann", From: "10.0.0.9", Verb: "admin.set", Rows: 1, Changes: []Change{change}},
		{Generation: 11, Undoes: 9, At: night, Actor: "bob", From: "local", Verb: "admin.undo", Rows: 1, Drift: true, Changes: []Change{{Kind: "queue", Key: "support", Sign: "+"}}},
	}
}

func hostileEdits() []Edited {
	return []Edited{{At: night, Actor: evil, From: evil, Verb: evil, Changes: []Change{{Kind: evil, Key: evil, Called: evil, Sign: evil, Fields: []Difference{{evil, evil, evil}}}}}}
}

// formed is the form of a row of queues after keys, checked as it stands.
func formed(f frame, wrong string, keys ...string) frame {
	f = keyed(f, keys...)
	t := tried{serial: f.form.serial, would: edits()[0].Changes}
	if wrong != "" {
		t = tried{serial: f.form.serial, err: errors.New(wrong)}
	}
	return f.tried(t)
}

func adminPictures() map[string]frame {
	const name = "Admin"
	rows := on(name, administered{rows: queueRows()}, "queue")
	hostile := on(name, administered{rows: []Row{rowOf(kindOf("queue"), evil, evil, evil)}}, "queue")
	draft := rows
	draft.draft = []Edit{{Kind: "queue", Key: "sales", Sets: []string{"name=Sales", "service_level=30"}}, {Kind: "user", Key: evil, Deletes: true}}
	seen := func(see string, a administered, path ...string) frame {
		f := on(name, a)
		f = f.moved(newBrowse().turn("see", see))
		for _, key := range path {
			f = f.moved(f.browse().open(key))
		}
		f.draft = draft.draft
		return f.took(f.placeID(), known{data: a, looked: night})
	}
	apply := keyed(seen(seeDraft, administered{}), "A").tried(tried{plan: 1, would: append(edits()[0].Changes, hostileEdits()[0].Changes...)})
	return map[string]frame{
		"admin_kinds":     on(name, administered{counts: map[string]int64{"queue": 2, "agent": 1234}}),
		"admin_rows":      draft,
		"admin_secondary": keyed(secondary(rows), "e"),
		"admin_empty":     on(name, administered{}, "agent"),
		"admin_failing":   failing(rows),
		"admin_hostile":   hostile,
		"admin_row":       on(name, administered{rows: queueRows(), edited: edits()}, "queue", "support"),
		"admin_gone":      on(name, administered{rows: queueRows()}, "queue", "sales"),
		"admin_log":       seen(seeLog, administered{edited: append(edits(), hostileEdits()...)}),
		"admin_edited":    seen(seeLog, administered{edited: append(edits()[:1], hostileEdits()...)}, "12"),
		"admin_draft":     seen(seeDraft, administered{}),
		"admin_apply":     apply,
		"admin_marked":    keyed(rows, "j", " "),
		"form_alike":      formed(rows, "", "*", "e", "tab", "3", "0"),
		"writing_good":    wrote(rows, "[queue.support]\nname = \"X\"\n", nil, append(edits()[0].Changes, hostileEdits()[0].Changes...)),
		"writing_wrong":   wrote(rows, "[queue.billing]\nname = \"X\"\nservice_level = 99999\n"+evil, errors.New("not valid: queue/billing: service_level is 99999: want 0 to 3600 "+evil), nil),
		"form_new":        formed(rows, "", "a", "s", "tab", "S"),
		"form_wrong":      formed(rows, "service_level 9999999: want 1 to 3600", "e", "tab", "tab", "tab", "9"),
		"form_hostile":    formed(hostile, evil, "e", "x", "left"),
		"form_same":       keyed(rows, "e"),
		"form_many":       keyed(on(name, administered{}, "timetable"), "a", "down", "down", "down", "down", "down", "down", "down", "down", "down", "down", "down", "down", "down", "down", "down"),
	}
}

// TestForm holds what a form makes: of a row those fields that changed, of a
// new one its key, and of what begins with an @ no file.
func TestForm(t *testing.T) {
	rows := on("Admin", administered{rows: queueRows()}, "queue")
	for _, tt := range []struct {
		name string
		keys string
		want string
	}{
		{"nothing", "e", "twinctl admin queue set billing"},
		{"a field", "e X", "twinctl admin queue set billing name=BillingX"},
		{"a field and back", "e X backspace", "twinctl admin queue set billing"},
		{"a new row", "a n tab N", "twinctl admin queue set n name=N"},
		{"no file", "e tab @ x", "twinctl admin queue set billing 'synonym=@@x'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := keyed(rows, strings.Fields(tt.keys)...)
			if got := typed(f.form.edits()[0].args(), ""); got != tt.want {
				t.Errorf("it makes %s, want %s", got, tt.want)
			}
		})
	}
}

// TestAlike holds what becomes of rows that are edited together: each gets what was
// typed, but for those that have it, and what was not typed stays as it differs.
func TestAlike(t *testing.T) {
	rows := on("Admin", administered{rows: queueRows()}, "queue")
	for keys, want := range map[string][]string{
		"* e":                             nil,
		"* e S U P":                       {"billing synonym=SUP"},
		"* e X backspace":                 {"support synonym="},
		"* e tab n o w tab backspace 9":   {"billing description=now service_level=9", "support description=now service_level=9"},
		"/ b i l l enter * e tab n o w":   {"billing description=now"},
		"j space e X":                     {"support synonym=SUPX"},
		"j space g space space e tab a":   {"billing description=a"},
		"* esc e X":                       {"billing name=BillingX"},
		"* * j j e X":                     {"support name=Support, EnglishX"},
		"* e tab tab tab tab tab tab tab": nil,
	} {
		f := rows
		for key := range strings.FieldsSeq(keys) {
			if key == keyName(" ") {
				key = " "
			}
			f, _ = f.press(key)
		}
		var got []string
		for _, e := range f.form.edits() {
			if len(e.Sets) > 0 {
				got = append(got, e.Key+" "+strings.Join(e.Sets, " "))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", keys, got, want)
		}
	}
}

// TestDraft holds that what was typed gets into the draft only when it was
// checked as it stands, and that a draft is applied only after its plan.
func TestDraft(t *testing.T) {
	f := keyed(on("Admin", administered{rows: queueRows()}, "queue"), "e", "X")
	if f = keyed(f, "ctrl+s"); len(f.draft) != 0 {
		t.Fatal("what nobody checked is in the draft")
	}
	if f = keyed(f.tried(tried{serial: f.form.serial, err: errors.New("no")}), "ctrl+s"); len(f.draft) != 0 {
		t.Fatal("what cannot be is in the draft")
	}
	if f = keyed(f.tried(tried{serial: f.form.serial - 1}), "Y", "ctrl+s"); len(f.draft) != 0 {
		t.Fatal("a check of something else counts")
	}
	f = keyed(f.tried(tried{serial: f.form.serial}), "ctrl+s")
	if len(f.draft) != 1 || f.form != nil {
		t.Fatalf("the draft is %v", f.draft)
	}
	f, w := keyed(f, "A").press("y")
	if w.save {
		t.Fatal("it is done before its plan is known")
	}
	f = f.tried(tried{plan: f.askings})
	if _, w = f.press("y"); w.save {
		t.Fatal("it is done by a yes that was typed before the plan could be read")
	}
	k := *f.asking
	k.ripe = true
	f.asking = &k
	if _, w = f.press("enter"); w.save {
		t.Fatal("enter confirms")
	}
	f, w = f.press("y")
	if !w.save {
		t.Fatal("it is not done")
	}
	if f = f.savedSo(saved{err: errors.New("busy")}); len(f.draft) != 1 {
		t.Error("a draft that could not be done is gone")
	}
	if f = f.savedSo(saved{text: "1 changed, generation 13"}); len(f.draft) != 0 {
		t.Error("a draft that was done is still there")
	}
}

// TestDraftedTwice holds that two edits of one row are one.
func TestDraftedTwice(t *testing.T) {
	one := []Edit{{Kind: "queue", Key: "a", Sets: []string{"name=A", "synonym=B"}}}
	all := drafted(one, Edit{Kind: "queue", Key: "a", Sets: []string{"name=C"}})
	if len(all) != 1 || strings.Join(all[0].Sets, " ") != "synonym=B name=C" {
		t.Errorf("%v", all)
	}
	if all = drafted(all, Edit{Kind: "queue", Key: "a", Deletes: true}); len(all) != 1 || !all[0].Deletes {
		t.Errorf("%v", all)
	}
	if len(drafted(all, Edit{Kind: "user", Key: "a"})) != 2 {
		t.Error("a row of another kind is the same")
	}
}
