package link_test

import (
	"io/fs"
	"time"
)

type info = fs.FileInfo

// A sized is what a hostile peer tells of a file.
type sized int64

func (s sized) Name() string       { return "x" }
func (s sized) Size() int64        { return int64(s) }
func (s sized) Mode() fs.FileMode  { return 0o400 }
func (s sized) ModTime() time.Time { return time.Time{} }
func (s sized) IsDir() bool        { return false }
func (s sized) Sys() any           { return nil }
