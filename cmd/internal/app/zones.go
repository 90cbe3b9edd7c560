package app

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	_ "time/tzdata" // for a machine that has no zones of its own
)

// Zones returns the version of the time-zone data that this program plans by:
// the machine's, as "2026b", or where it has none what is built in, as "of
// go1.26.0". It is "" where the machine's does not say its version.
func Zones() string { return zones(machineZones()) }

// machineZones are the folders in which the standard library looks before it
// takes what is built in.
func machineZones() []string {
	return []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}
}

func zones(folders []string) string {
	for _, folder := range folders {
		// One that has no zones in it is passed over zone by zone.
		if _, err := os.Stat(filepath.Join(folder, "Europe", "Berlin")); err == nil {
			return zonesOf(folder)
		}
	}
	return "of " + runtime.Version()
}

// zonesOf returns the version of a folder's time-zone data, "" if it does not
// say.
func zonesOf(folder string) string {
	f, err := os.Open(filepath.Join(folder, "tzdata.zi"))
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // it was only read
	first, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		return ""
	}
	version, _ := strings.CutPrefix(strings.TrimSpace(first), "# version ")
	return version
}
