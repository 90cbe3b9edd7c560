package cli

import "testing"

// TestLocal holds the one rule for what to type about twind.
func TestLocal(t *testing.T) {
	tests := []struct {
		command, config string
		service         bool
		want            string
	}{
		{StartTwind, configDefault, true, "systemctl start twind"},
		{RestartTwind, configDefault, true, "systemctl restart twind"},
		{ReloadTwind, configDefault, true, "systemctl reload twind"},
		{StartTwind, configDefault, false, "twind --config /etc/twin/twin.toml"},
		{StartTwind, "lab/a.toml", false, "twind --config lab/a.toml"},
		{RestartTwind, "lab/a.toml", false, "end that process, with kill -KILL if need be, then twind --config lab/a.toml"},
		{ReloadTwind, "lab/a.toml", false, "send twind a hang-up: kill -HUP, with the process that twinctl status shows"},
		{"twinctl status", "lab/a.toml", false, "twinctl status"},
		{"", "lab/a.toml", false, ""},
	}
	for _, tt := range tests {
		if got := local(tt.command, tt.config, tt.service); got != tt.want {
			t.Errorf("local(%q, %q, %v) = %q, want %q", tt.command, tt.config, tt.service, got, tt.want)
		}
	}
}
