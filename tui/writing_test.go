package tui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wrote is the picture when an editor has left a text, and it was checked.
func wrote(f frame, text string, err error, would []Change) frame {
	f.programs = true
	f, _ = f.press("E")
	f, _ = f.fetchedSo(fetched{serial: f.writing.serial, text: "format = 1\n"})
	f, _ = f.writtenSo(written{serial: f.writing.serial, text: text})
	return f.judgedSo(judged{f.writing.serial, []Edit{{Kind: "queue", Key: "support", Sets: []string{"name=X"}}}, would, err})
}

// TestWriting goes the way of a text: fetched, edited, found wrong, edited on,
// found right, and into the draft; and that none is started where none may be.
func TestWriting(t *testing.T) {
	rows := on("Admin", administered{rows: queueRows()}, "queue")
	if f, w := rows.press("E"); f.writing != nil || w.fetch || !strings.Contains(f.message.text, "no editor is started") {
		t.Errorf("where no program may be started: %+v, %q", w, f.message.text)
	}
	looks := rows
	looks.programs, looks.looks = true, "this screen was opened to look only"
	if f, w := looks.press("E"); f.writing != nil || w.fetch {
		t.Errorf("where nothing is changed: %+v, %q", w, f.message.text)
	}
	rows.programs = true
	f, w := rows.press("E")
	if !w.fetch || f.writing.kind != "queue" || f.writing.keys[0] != "billing" {
		t.Fatalf("%+v, %+v", w, f.writing)
	}
	if f, w = f.fetchedSo(fetched{serial: f.writing.serial, text: "a"}); !w.edit {
		t.Fatal("the editor is not started")
	}
	if same, _ := f.writtenSo(written{serial: f.writing.serial, text: "a"}); same.writing != nil || same.message.text != "nothing was changed" {
		t.Error("a text that is as it was is checked")
	}
	if f, w = f.writtenSo(written{serial: f.writing.serial, text: "b"}); !w.check {
		t.Fatal("what was written is not checked")
	}
	if f = keyed(f, "ctrl+s"); len(f.draft) > 0 {
		t.Fatal("what nobody checked is in the draft")
	}
	if f = keyed(f.judgedSo(judged{serial: f.writing.serial, err: errors.New("no")}), "ctrl+s"); len(f.draft) > 0 {
		t.Fatal("what cannot be is in the draft")
	}
	if f = keyed(f, "esc"); f.writing == nil {
		t.Fatal("one esc loses what was written")
	}
	if f, w = f.press("e"); !w.edit || f.writing.text != "b" {
		t.Fatalf("it is not edited on: %+v", f.writing)
	}
	f, _ = f.writtenSo(written{serial: f.writing.serial, text: "c"})
	one := []Edit{{Kind: "queue", Key: "billing", Sets: []string{"name=X"}}}
	if f = keyed(f.judgedSo(judged{f.writing.serial, one, edits()[0].Changes, nil}), "ctrl+s"); len(f.draft) != 1 || f.writing != nil {
		t.Errorf("the draft is %v", f.draft)
	}
}

// TestLineOf holds which line of a text a message is about.
func TestLineOf(t *testing.T) {
	const text = "format = 1\n\n[queue.sales]\nname = 'Sales'\n\n[queue.\"a b\"]\nnames = 'x'\nname = 'AB'\nservice_level = 0\n"
	for message, want := range map[string]int{
		"not valid: line 4, column 2: toml: x":                            4,
		"not valid: queue/sales: name is missing":                         4,
		"not valid: queue/a b: name is too long":                          8,
		"not valid: queue/a b: there is no field \"names\": did you mean": 7,
		"not valid: queue/a b: it is 9 bytes":                             6,
		"not valid: queue/other: name is missing":                         0,
		"database is locked":                                              0,
	} {
		if got := lineOf(text, message); got != want {
			t.Errorf("%s: line %d, want %d", message, got, want)
		}
	}
}

// TestEditing holds that an editor gets a file of its own, for nobody else, which
// is gone afterwards, whatever becomes of the editor.
func TestEditing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ended, end := context.WithCancel(t.Context())
	end()
	for name, tt := range map[string]struct {
		script string
		fails  bool
	}{
		"edited":         {`test "$(stat -c %a "$0")" = 600 && printf more >>"$0"`, false},
		"put in place":   {`printf 'a textmore' >"$0.new" && mv "$0.new" "$0"`, false},
		"fails":          {`exit 3`, true},
		"removes it":     {`rm "$0"`, true},
		"is not waited":  {`sleep 60`, true},
		"is a long text": {`head -c 9000000 /dev/zero >"$0"`, true},
	} {
		ctx := t.Context()
		if name == "is not waited" {
			ctx = ended
		}
		e := &editing{start: startOf(ctx, []string{"sh", "-c", tt.script}), text: "a text"}
		err := e.Run()
		if (err != nil) != tt.fails || err == nil && e.text != "a textmore" {
			t.Errorf("%s: %v, %q", name, err, e.text)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
	e := &editing{start: startOf(t.Context(), []string{filepath.Join(dir, "none")})}
	if err := e.Run(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an editor that there is not: %v", err)
	}
}
