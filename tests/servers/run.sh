#!/bin/sh
# Runs both servers until its input ends, which the kernel sees to when the tests are no more; then removes the directory.
# As root: a mail server changes into its users. $1 is the directory, $2 the user who reads the inbox, $3 nobody.
set -eu
cd "$1"
mkdir -p queue data inbox home dovecot
chown postfix data
chown "$2" inbox
chown "$3" home
setsid postfix -c "$1/postfix" start-fg >>postfix.out 2>&1 </dev/null &
postfix=$!
setsid dovecot -F -c "$1/dovecot.conf" >>dovecot.out 2>&1 </dev/null &
dovecot=$!
cat >/dev/null || true
kill -s TERM "$dovecot" || true
postfix -c "$1/postfix" stop >/dev/null 2>&1 || true
wait "$dovecot" "$postfix" || true
[ -n "${POSTBODE_KEEP:-}" ] || rm -rf -- "$1"
