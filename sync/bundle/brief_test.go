package bundle

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
)

// settled is a server on which nothing is pending.
func settled() Hello {
	return Hello{
		Server: "AHZSLE5N45D3EFF224IX5KOBJF", Name: "cms-b", Pair: "BGWNAHJWTWRD3PXTUB3Y4VDLVH", Role: "secondary", Epoch: 3, Version: "v1.2.3",
		At: 1_790_000_000_000_000,
		Position: admin.Position{
			Catalogue: 1, Generation: 412, BaseGeneration: 411, BaseRoot: admin.Root{1}, Root: admin.Root{1}, Drift: admin.DriftOf(nil),
			Rows: 32_740, Head: audit.Head{ID: 412, Hash: audit.Hash{7}},
		},
	}
}

func TestWhatFollowsFromTheRestDoesNotTravel(t *testing.T) {
	pending, edits := settled(), []Edited{{Name: admin.Name{Kind: "queue", Key: "a"}, Hash: admin.Hash{1}}}
	pending.Position.Pending, pending.Position.Root, pending.Position.Drift = 1, admin.Root{2}, admin.Root{3}
	pending.Rows = map[string]int64{"queue": 1}
	own := DriftAnswer{Since: 411, Root: admin.Root{1}, Generation: 412, Edits: []Edited{}}
	for name, c := range map[string]struct {
		want HelloAnswer
		most int // bytes
	}{
		"in sync":           {HelloAnswer{settled(), own}, 450},
		"edits":             {HelloAnswer{pending, DriftAnswer{411, admin.Root{1}, 412, edits, true}}, 1000},
		"another base":      {HelloAnswer{settled(), DriftAnswer{400, admin.Root{9}, 412, []Edited{}, false}}, 1000},
		"a page, and more":  {HelloAnswer{settled(), DriftAnswer{411, admin.Root{1}, 412, []Edited{}, true}}, 1000},
		"edited meanwhile":  {HelloAnswer{settled(), DriftAnswer{411, admin.Root{1}, 413, []Edited{}, false}}, 1000},
		"pending, and told": {HelloAnswer{pending, own}, 1000},
	} {
		var got HelloAnswer
		text := travel(t, c.want, &got)
		if diff := cmp.Diff(c.want, got); diff != "" || len(text) > c.most {
			t.Errorf("%s: %d bytes, want %d at most; (-sent +came)\n%s", name, len(text), c.most, diff)
		}
	}
	for _, h := range []Hello{settled(), pending} {
		var asked HelloQuestion
		travel(t, HelloQuestion{h}, &asked)
		h.Rows = nil
		if diff := cmp.Diff(h, asked.Hello); diff != "" {
			t.Errorf("a question (-sent +came)\n%s", diff)
		}
		done := ApplyAnswer{h.Position, []Count{{Kind: "queue", Added: 1}}}
		var told ApplyAnswer
		travel(t, done, &told)
		if diff := cmp.Diff(done, told); diff != "" {
			t.Errorf("an answer (-sent +came)\n%s", diff)
		}
	}
}

func travel(t *testing.T, from, to any) []byte {
	t.Helper()
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}
