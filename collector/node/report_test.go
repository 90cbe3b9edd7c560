package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/twinctl/twin/collector/record"
)

func carried(id string, receivers ...string) (all []Message) {
	for _, r := range receivers {
		all = append(all, Message{About: AboutReport(id), Receiver: r, Facts: json.RawMessage(`{}`)})
	}
	return all
}

func TestTell(t *testing.T) {
	n := open(t)
	stored, err := n.Tell(t.Context(), carried("a1", "mail:a@example.com", "exec:x"))
	if err != nil || len(stored) != 2 || stored[0].ID != 1 || stored[1].Receiver != "exec:x" || stored[1].State != MessageWaiting {
		t.Fatalf("%+v, %v", stored, err)
	}
	if id, ok := ReportOf(stored[0].About); !ok || id != "a1" {
		t.Errorf("%q", id)
	}
	if id, ok := ReportOf(AboutAlarm(1)); ok {
		t.Errorf("an alarm carries %q", id)
	}
	waits := func(want bool) {
		t.Helper()
		if got, err := n.Waits(t.Context(), AboutReport("a1")); got != want || err != nil {
			t.Fatal(got, err)
		}
	}
	waits(true)
	for _, channel := range []string{"mail", "exec"} {
		waits(true)
		m, err := n.NextMessage(t.Context(), channel)
		if err != nil || m == nil {
			t.Fatal(m, err)
		}
		waits(true) // it is being sent
		d := Delivery{ID: m.ID}
		if channel == "exec" {
			d.Err = errors.New("no modem") // given up
		}
		if err := n.Delivered(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	waits(false)
}

// A receiver for whom too much waits is told of, and then nobody is told.
func TestTellAllOrNone(t *testing.T) {
	n := open(t)
	for i := range mostWaiting {
		if _, err := n.Tell(t.Context(), carried(fmt.Sprint(i), "exec:full")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.Tell(t.Context(), carried("more", "exec:free", "exec:full")); !errors.Is(err, ErrManyWait) {
		t.Fatal(err)
	}
	all, err := n.Messages(t.Context(), record.Instant(0))
	if err != nil || len(all) != mostWaiting {
		t.Errorf("%d messages, %v", len(all), err)
	}
}
