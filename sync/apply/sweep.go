package apply

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// sweep removes what is too old or was left behind. The folder is locked.
func (d folder) sweep(now time.Time) (removed int, err error) {
	parts, copies, err := d.parts()
	if err != nil {
		return 0, err
	}
	for _, name := range copies { // whoever makes one holds the folder
		err = errors.Join(err, d.remove(name))
		removed++
	}
	for _, name := range parts {
		gone, failed := d.expire(name, now)
		err = errors.Join(err, failed)
		if gone {
			removed++
		}
	}
	return removed, err
}

// expire removes a bundle that is too old, unless somebody is at it. One that
// is from far in the future is too: the clock was wrong, then or now.
func (d folder) expire(name string, now time.Time) (bool, error) {
	return d.removeIf(name, func(info os.FileInfo) bool { return now.Sub(info.ModTime()).Abs() > MaxAge })
}

// removeIf removes a bundle for which that holds, unless somebody is at it.
func (d folder) removeIf(name string, holds func(os.FileInfo) bool) (bool, error) {
	f, err := d.open(name, 0)
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if !holds(info) {
		return false, nil
	}
	if free, err := tryLock(f); !free || err != nil {
		return false, err
	}
	return true, d.remove(name)
}

// evict makes room for one more bundle: of the others, the one that was
// written to longest ago goes. The folder is locked.
func (d folder) evict() error {
	parts, _, err := d.parts()
	if err != nil {
		return err
	}
	for ; len(parts) >= MaxBundles; parts = parts[1:] {
		if err := d.evictOne(parts); err != nil {
			return err
		}
	}
	return nil
}

func (d folder) evictOne(parts []string) error {
	var oldest os.FileInfo
	for _, name := range parts {
		f, err := d.open(name, 0)
		if err != nil {
			return err
		}
		free, err := tryLock(f)
		info, failed := f.Stat()
		if err := errors.Join(err, failed, f.Close()); err != nil {
			return err
		}
		if free && (oldest == nil || info.ModTime().Before(oldest.ModTime())) {
			oldest = info
		}
	}
	if oldest == nil {
		return fmt.Errorf("%w: %d bundles come in at this time", ErrBusy, len(parts))
	}
	return d.remove(oldest.Name())
}
