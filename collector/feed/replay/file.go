package replay

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxFile bounds what a recording may take in memory, packed or not.
const maxFile = 1 << 30

// read returns the whole file, unpacked if its name ends in .gz.
func read(name string) (_ []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("replay: %s is named .gz but cannot be unpacked (rename it if it is not packed): %w", name, err)
		}
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("replay: read %s: %w", name, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("replay: %s holds more than %d MiB: cut it", name, maxFile>>20)
	}
	return data, nil
}
