#!/bin/sh
# The juju client of one private folder, bounded in time. The folder is the one that this script is
# linked into: it holds the client's data, the link "client" to the client itself, and in "limit"
# the seconds that it may take. (A copy of the script could not be run from there: /run is mounted
# noexec.)
folder=${0%/*}
# the snap keeps to the real home folder, and its private folder is below it; else HOME is private
home=${folder%/snap/juju/common/*}
read -r limit <"$folder/limit"
# a client that outlives a killed hook would write the password anew where the hook removed it
exec /usr/bin/setpriv --pdeathsig TERM /usr/bin/timeout --kill-after=5 "$limit" \
    /usr/bin/env -i HOME="$home" JUJU_DATA="$folder" PATH=/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin LANG=C.UTF-8 NO_COLOR=1 \
    "$(/usr/bin/readlink "$folder/client")" "$@" </dev/null
