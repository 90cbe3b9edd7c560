package replay

import (
	"bytes"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A bill tells when the call began, was answered and ended by the clock on the
// upstream's wall, beside the time at which it is said. Where that is moved,
// the others go with it: a call that is over does not end later.

// moveWalls adds to the wall times of an event, where it is a bill, what its
// own time was moved by. They stay as long as they are.
func moveWalls(raw []byte, by record.Instant) {
	if !bytes.HasPrefix(raw, []byte("Event: Cdr"+crlf)) {
		return
	}
	for _, name := range []string{"StartTime", "AnswerTime", "EndTime"} {
		lo, hi := find(raw, name)
		moveWall(raw[lo:hi], by)
	}
}

// moveColumns does the same for a line of bills, whose own time is the end.
func moveColumns(line []byte, by record.Instant) {
	for column := 10; column <= 11; column++ {
		place := feed.TimePlace(feed.Options{Format: "text", Time: &feed.TimeSpec{Field: column, Separator: ","}})
		if wall, ok := place(line); ok {
			moveWall(wall, by)
		}
	}
}

// moveWall writes another time over one; what is no time stays.
func moveWall(wall []byte, by record.Instant) {
	shown, err := time.Parse(time.DateTime, string(wall))
	if err != nil || len(wall) != len(time.DateTime) {
		return
	}
	copy(wall, (record.At(shown) + by).Time().Format(time.DateTime))
}
