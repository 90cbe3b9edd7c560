package count

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// What is known stands at each border of a day that it lasts. A feed that has
// much known, and then says nothing more, does not have all of that held in
// memory at once.
func TestOneTransactionHoldsLittleOfWhatIsKnown(t *testing.T) {
	r := &rig{h: openHistory(t), name: "pbx-log", format: "queue_log"}
	const calls, hours = 3_000, 20
	var said []record.Record
	begin := acd.Interval(1_700_000_000 * record.Second)
	tell := func(at record.Instant, call string) {
		raw := fmt.Sprintf("%d|%s|sales|NONE|ENTERQUEUE||100|1", at/record.Second, call)
		said = append(said, record.New(at, uint32(len(said)), []byte(raw)))
	}
	for i := range calls {
		tell(begin+record.Second, fmt.Sprintf("%s.%d", strings.Repeat("x", 240), i))
	}
	tell(begin+hours*record.Hour, "the.last")
	r.commit(t, said)

	f := r.counting()
	if _, err := f.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	w, err := f.from(t.Context(), begin)
	if err != nil {
		t.Fatal(err)
	}
	end := begin + hours*record.Hour + record.Second
	for steps := 0; w.at < end; steps++ {
		from := w.at
		if _, err := f.read(t.Context(), w, end); err != nil {
			t.Fatal(err)
		}
		held, largest := 0, 0
		for _, b := range w.borders {
			held += len(b.Carry)
			largest = max(largest, len(b.Carry))
		}
		if held > stretchBytes+largest {
			t.Fatalf("a transaction holds %d bytes of what is known, want at most %d", held, stretchBytes+largest)
		}
		if w.at <= from || steps > 1000 {
			t.Fatalf("it does not get on from %s", from)
		}
		w.stretch(r.name, from)
	}
	r.catchUp(t, r.counting())
	r.check(t)
}
