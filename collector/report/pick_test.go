package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mixedTable() Table {
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	return Table{
		Columns: columns("start moment\nqueue words\noffered count\nasa_s seconds\npaused_for_s split\ncomplete flag"),
		Rows: [][]any{
			{at.Add(time.Hour), "b", int64(3), 2.5, Parts{{"lunch", 10}}, true},
			{at, "a", nil, nil, nil, false},
			{at, "b", int64(9), 1.0, Parts{{"lunch", 4}, {"talk", 7}}, true},
			{at, "c", int64(3), 7.0, nil, false},
		},
		Total: []any{nil, nil, int64(15), 3.5, nil, false},
	}
}

// cells returns one column.
func cells(t Table, i int) (all []any) {
	for _, row := range t.Rows {
		all = append(all, row[i])
	}
	return all
}

func TestPick(t *testing.T) {
	got, err := mixedTable().Pick([]string{"offered", "queue"})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{{int64(3), "b"}, {nil, "a"}, {int64(9), "b"}, {int64(3), "c"}}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{int64(15), nil}, got.Total); diff != "" || got.Columns[0].Name != "offered" || len(got.Columns) != 2 {
		t.Errorf("%v %s", got.Columns, diff)
	}
	whole := mixedTable()
	if same, err := whole.Pick(nil); err != nil || len(same.Columns) != 6 {
		t.Errorf("%v, %v", same.Columns, err)
	}
	for wrong, says := range map[string]string{"ofered": `did you mean "offered"?`, "zzz": "there are start, queue, offered", "": "unknown column"} {
		if _, err := whole.Pick([]string{"queue", wrong}); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if _, err := whole.Pick([]string{"queue", "queue"}); err == nil {
		t.Error("a column stands there twice")
	}
}

func TestSort(t *testing.T) {
	for order, want := range map[string][]any{
		"queue":               {"a", "b", "b", "c"},
		"-queue":              {"c", "b", "b", "a"},
		"-offered":            {"b", "b", "c", "a"}, // equal ones as they were, the unknown last
		"offered -queue":      {"c", "b", "b", "a"},
		"start -offered":      {"b", "c", "a", "b"},
		"-asa_s":              {"c", "b", "b", "a"},
		"complete -start":     {"a", "c", "b", "b"},
		"-paused_for_s queue": {"b", "b", "a", "c"},
	} {
		table := mixedTable()
		got, err := table.Sort(strings.Fields(order))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, cells(got, 1)); diff != "" {
			t.Errorf("%s: %s", order, diff)
		}
		if diff := cmp.Diff([]any{"b", "a", "b", "c"}, cells(table, 1)); diff != "" {
			t.Errorf("%s changed the table itself: %s", order, diff)
		}
	}
	if _, err := mixedTable().Sort([]string{"-nothing"}); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}
