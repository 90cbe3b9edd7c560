package main

// asHelp says what --as is for.
const asHelp = `Administered users come by SSH: twind's own server ([ssh] listen) opens the screens for who logs in as one of them with one of their keys, ` +
	`and runs the verb where one is asked for:` + "\n\n" +
	"    ssh -p 7022 ops@cms-a\n" +
	"    ssh -p 7022 ops@cms-a status --json\n\n" +
	`The system's sshd does the same with a line in authorized_keys:` + "\n\n" +
	"    command=\"twinctl --as ops\",restrict,pty ssh-ed25519 AAAA...\n\n" +
	`Both are twinctl --as LOGIN, which takes the verb from SSH_ORIGINAL_COMMAND where none stands behind it, and reads it as a shell would without running one. ` +
	`It is written down as done by that login, and does what the user may:` + "\n\n" +
	"    view      look at everything; the screens change nothing\n" +
	"    operate   also feeds, runs and pauses of timetables, alarms, maintenance,\n" +
	"              fill, sync, backups, moves of the role, messages\n" +
	"    admin     also administration data, and what takes history away\n\n" +
	`Nobody gets at this machine by it: no setup, pair, replay, demo or restore, no other configuration, no name of a file, no task that runs a program or writes a file. ` +
	`Who may see some feeds, or queue groups, alone is shown no records, reports or output of runs but of a --feed or --group that is one of those.`
