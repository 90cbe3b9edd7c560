package record_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

func tallies() *rapid.Generator[record.Tally] {
	return rapid.Custom(func(t *rapid.T) record.Tally {
		var sum record.Tally
		for _, d := range rapid.SliceOfN(digests(), 0, 5).Draw(t, "digests") {
			sum = sum.Add(d)
		}
		return sum
	})
}

func TestTallyOfBothIsTheTallyOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(digests()).Draw(t, "all")
		at := rapid.IntRange(0, len(all)).Draw(t, "at")
		var whole, left, right record.Tally
		for i, d := range all {
			whole = whole.Add(d)
			if i < at {
				left = left.Add(d)
			} else {
				right = right.Add(d)
			}
		}
		if whole.Count != int64(len(all)) || left.Plus(right) != whole || right.Plus(left) != whole {
			t.Fatalf("%v and %v are %v, want %v", left, right, left.Plus(right), whole)
		}
	})
}

func TestTallySurvivesJSON(t *testing.T) {
	text, err := json.Marshal(record.Tally{}.Add(record.Digest{0: 1, 15: 2}))
	if want := `{"count":1,"sum":"01000000000000000000000000000002"}`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := tallies().Draw(t, "tally")
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got record.Tally
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Fatalf("%s became %v, %v", text, got, err)
		}
	})
	for _, text := range []string{`{"sum":""}`, `{"sum":"00"}`, `{"sum":"0000000000000000000000000000000g"}`, `{"sum":7}`} {
		if err := json.Unmarshal([]byte(text), new(record.Tally)); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}
