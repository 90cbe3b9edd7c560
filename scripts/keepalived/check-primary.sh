#!/bin/sh
# Ends with status 0 if the twind of this machine is primary and acts as such.
#   check-primary.sh [URL]    the page that says so (http://127.0.0.1:7080/primary)
exec curl --silent --fail --max-time 1 --output /dev/null "${1:-http://127.0.0.1:7080/primary}"
