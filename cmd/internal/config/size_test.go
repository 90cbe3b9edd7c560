package config

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1KiB": 1024, "20GiB": 20 << 30, "500 MiB": 500 << 20, "3TiB": 3 << 40,
		"": -1, "20": -1, "-1GiB": -1, "20GB": -1, "9999999999TiB": -1, "1.5GiB": -1, "GiB": -1,
	} {
		n, err := size(text)
		if (err != nil) != (want < 0) || err == nil && n != want {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
}
