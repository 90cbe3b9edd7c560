package app

import (
	"log/slog"
	"sync"

	"github.com/twinctl/twin/collector/store"
)

// spare is how much must be free beside the reserve before storing is tried
// again on a disk that was full.
const spare = 1 << 20

// A disk is the one that the data lies on, and the room kept back on it.
type disk struct {
	dir     string
	reserve store.Reserve
	log     *slog.Logger

	mu   sync.Mutex
	made bool // the disk had room for a reserve once
	kept bool // it is there now
}

// keep takes the reserve, if the disk has the room.
func (d *disk) keep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept {
		return
	}
	if err := d.reserve.Make(); err != nil {
		d.log.Warn("no room can be kept back for a full disk", "err", err)
		return
	}
	d.made, d.kept = true, true
}

// giveUp gives the reserve up, so that the small writes that matter still
// find room.
func (d *disk) giveUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.kept {
		return
	}
	d.kept = false
	if err := d.reserve.Release(); err != nil {
		d.log.Error("the room kept back cannot be given up", "err", err)
		return
	}
	d.log.Warn("the disk is full: the room kept back was given up for what matters most", "dir", d.dir)
}

// room reports whether a full disk has room again for records. It gives up the
// reserve while it has not, and takes it again first once it has.
func (d *disk) room() bool {
	d.giveUp()
	return d.refill()
}

// refill takes the reserve again, if it was given up and there is room for it
// and a little more. It reports whether there is.
func (d *disk) refill() bool {
	d.mu.Lock()
	made, kept := d.made, d.kept
	d.mu.Unlock()
	if kept {
		return true
	}
	free, err := store.Free(d.dir)
	if err != nil {
		d.log.Error("free space is unknown", "err", err)
		return true // trying tells
	}
	if !made {
		return free >= spare // there never was room for one
	}
	if free < spare+store.ReserveSize {
		return false
	}
	d.keep()
	return true
}

// alarm says that the disk is nearly full.
func (d *disk) alarm(all *concerns) {
	free, whole, err := store.Space(d.dir)
	if err == nil && free < min(whole/diskPart, diskRoom) {
		all.add(concern{code: "disk_low", severity: "warning"},
			"the disk of %s is nearly full: %d MiB of %d are free", d.dir, free>>20, whole>>20)
	}
}
