//go:build !race

package count

const raced = false
