package admin

import (
	"errors"
	"fmt"

	"pgregory.net/rapid"
)

// randomEdits changes a server a few times, some of them refused.
func randomEdits(t *rapid.T, s *server) {
	t.Helper()
	by := ann
	by.OnSecondary = true
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		edits := rapid.SliceOfN(edits, 1, 4).Draw(t, "edits")
		how := How{Cascade: rapid.Bool().Draw(t, "cascade")}
		_, err := s.Change(t.Context(), by, edits, how)
		if err != nil && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrReferenced) && !errors.Is(err, ErrNoRow) {
			t.Fatal(err)
		}
	}
}

// edits draws edits that often meet the same few rows.
var edits = rapid.Custom(func(t *rapid.T) Edit {
	key := fmt.Sprint(rapid.IntRange(0, 4).Draw(t, "key"))
	if rapid.IntRange(0, 9).Draw(t, "strange") == 0 {
		key = names.Draw(t, "name")
	}
	keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[0-4]`), 0, 3, rapid.ID[string])
	kind := rapid.SampledFrom([]string{"queue", "queue-group", "agent", "agent-group", "threshold"}).Draw(t, "kind")
	if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
		return Edit{Kind: kind, Key: key}
	}
	body := Body{"name": names.Draw(t, "name")}
	switch kind {
	case "queue-group":
		body["queues"] = keys.Draw(t, "queues")
	case "agent":
		body["aliases"] = keys.Draw(t, "aliases")
	case "agent-group":
		body["agents"] = keys.Draw(t, "agents")
	case "threshold":
		body["measure"], body["limit"] = "waiting", rapid.Int64Range(0, 5).Draw(t, "limit")
		body["queue"] = rapid.SampledFrom([]string{"", "0", "1"}).Draw(t, "queue")
	}
	return Edit{Kind: kind, Key: key, Body: body}
})
