//go:build race

package count

// raced says that the race detector makes everything many times slower.
const raced = true
