package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// bookGrace is for how long after twind's start alarms of before are left
// standing: some are raised only after a while.
const bookGrace = 30 * time.Second

// An alarmBook writes alarms down, so that they outlive twind, are told once
// and can be acknowledged.
type alarmBook struct {
	node    *node.DB
	started time.Time
}

// keep notes which alarms began and which ended. It returns those that are
// true with their ids, and who has taken note of them. letters makes what is
// to be told of one that began.
func (b *alarmBook) keep(ctx context.Context, alarms []node.Alarm, letters func(context.Context) (letters, error)) ([]node.Alarm, error) {
	now := time.Now()
	kept, err := b.node.Alarms(ctx, record.At(now.Add(time.Hour))) // those that are true
	if err != nil {
		return alarms, err
	}
	change := node.AlarmChange{Ended: ended(kept, alarms)}
	if now.Sub(b.started) < bookGrace {
		change.Ended = nil
	}
	for _, a := range alarms {
		if find(kept, a) == nil {
			change.Raised = append(change.Raised, node.Raised{
				Code: a.Code, Object: a.Object, Severity: a.Severity, Text: a.Text, Since: record.At(a.Since),
			})
		}
	}
	if len(change.Raised)+len(change.Ended) > 0 {
		l, err := letters(ctx)
		if err != nil {
			return alarms, err
		}
		change.Tell = l.ofAlarm
		if err := b.node.NoteAlarms(ctx, change); err != nil {
			return alarms, err
		}
		if kept, err = b.node.Alarms(ctx, record.At(now.Add(time.Hour))); err != nil {
			return alarms, err
		}
	}
	for i := range alarms {
		if k := find(kept, alarms[i]); k != nil {
			alarms[i].ID, alarms[i].AckedBy = k.ID, k.AckedBy
		}
	}
	return alarms, nil
}

// ended returns the ids of those that were kept as true and are not.
func ended(kept []node.KeptAlarm, alarms []node.Alarm) []int64 {
	is := map[[2]string]bool{}
	for _, a := range alarms {
		is[[2]string{a.Code, a.Object}] = true
	}
	var ids []int64
	for _, k := range kept {
		if k.Ended == nil && !is[[2]string{k.Code, k.Object}] {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

func find(kept []node.KeptAlarm, a node.Alarm) *node.KeptAlarm {
	for i := range kept {
		if k := &kept[i]; k.Ended == nil && k.Code == a.Code && k.Object == a.Object {
			return k
		}
	}
	return nil
}

// asJSON writes what can always be written.
func asJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return text
}
