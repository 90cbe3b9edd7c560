package history

import (
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

func exception(threshold, object string, start, since record.Instant) Exception {
	return Exception{
		At: noon + start + since, Start: noon + start, Since: since, Threshold: threshold, Name: "'; DROP TABLE exception; --",
		Measure: "waiting", Severity: "warning", Feed: "pbx", Object: object, Limit: 28_800, Count: 999, Percent: 80, Value: 3, Text: "\x1b[2J",
	}
}

func addExceptions(t *testing.T, h *DB, seen ...Exception) []Exception {
	t.Helper()
	added, err := h.AddExceptions(t.Context(), seen)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func exceptions(t *testing.T, h *DB, of Excepted) (all []Exception) {
	t.Helper()
	for e, err := range h.Exceptions(t.Context(), of) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// The same fact is stored once, also by another run of twind.
func TestExceptionsAreStoredOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	h := openAt(t, path)
	const quarter = 15 * record.Minute
	first := exception("wait", "sales", 0, 0)
	added := addExceptions(t, h,
		first, exception("wait", "help", 0, 0), first,
		exception("wait", "sales", quarter, 7), exception("wait", "sales", 2*quarter, 7), exception("wait", "sales", quarter, 8))
	if len(added) != 3 || added[0].ID != 1 {
		t.Fatalf("%+v", added)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h = openAt(t, path)
	if again := addExceptions(t, h, first, exception("wait", "sales", 3*quarter, 7)); len(again) != 0 {
		t.Errorf("again %+v", again)
	}
	last := addExceptions(t, h, exception("wait", "sales", 3*quarter, 9))
	if diff := gocmp.Diff(append(added, last...), exceptions(t, h, Excepted{})); diff != "" {
		t.Error(diff)
	}
	if id, err := h.LastException(t.Context()); err != nil || id != last[0].ID {
		t.Errorf("the last is %d, %v", id, err)
	}
}

func TestExceptionsAreFound(t *testing.T) {
	h := open(t)
	if id, err := h.LastException(t.Context()); err != nil || id != 0 {
		t.Errorf("the last of none is %d, %v", id, err)
	}
	added := addExceptions(t, h, exception("a", "sales", 0, 0), exception("a", `o'"help`, 0, 0), exception("b", "", record.Hour, 0))
	for name, c := range map[string]struct {
		of   Excepted
		want []Exception
	}{
		"all":        {Excepted{}, added},
		"after":      {Excepted{After: added[0].ID}, added[1:]},
		"of objects": {Excepted{Objects: []string{`o'"help`, "none"}}, added[1:2]},
		"of a feed":  {Excepted{Feed: "log"}, nil},
		"from":       {Excepted{Seen: record.Span{From: noon + record.Hour}}, added[2:]},
		"to":         {Excepted{Seen: record.Span{To: noon + record.Hour}}, added[:2]},
	} {
		if diff := gocmp.Diff(c.want, exceptions(t, h, c.of)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
