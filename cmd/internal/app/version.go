package app

import (
	"os"
	"runtime/debug"
)

// version is set by the linker when a release is built:
//
//	go build -ldflags "-X github.com/twinctl/twin/cmd/internal/app.version=1.2.3"
var version string

// Version names this build.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// fileSize returns the length of a file, 0 if there is none.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
