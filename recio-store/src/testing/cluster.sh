# Makes a PostgreSQL server in a folder of its own, says which folder, and does what it is told (start, stop, kill), until its input ends:
# then the server ends, and the folder with it. $1 is the folder with PostgreSQL's programs, $2 the place for the server's folder where it
# matters. Runs as somebody who is not root.
#
# A server that was killed may leave processes that still hold its memory: starting is tried again, for a minute at most.
set -u
programs=$1
# In memory, where there is room for it: what a server is told survives its process there as well, and starting it takes a fifth of the time.
parent=/tmp
if [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 2000000 ]; then parent=/dev/shm; fi
folder=$(mktemp -d "${2:-${TMPDIR:-$parent}}/recio-pg.XXXXXX") || exit 1
pid=
end() {
    if [ -n "$pid" ]; then kill -QUIT "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; fi
    rm -rf "$folder"
}
trap end EXIT
trap '' HUP INT TERM
if ! said=$("$programs/initdb" -D "$folder/data" -U recio -A trust -E UTF8 --locale=C --no-sync 2>&1); then
    echo $said
    exit 1
fi
cat >>"$folder/data/postgresql.conf" <<EOF
listen_addresses = ''
max_connections = 200
shared_buffers = 16MB
max_wal_size = 64MB
include_if_exists = 'recio.conf'
EOF
echo "folder $folder"
start() {
    tries=0
    while [ $tries -lt 600 ]; do
        if [ -z "$pid" ] || ! kill -0 "$pid" 2>/dev/null; then
            "$programs/postgres" -D "$folder/data" -k "$folder" \
                >>"$folder/log" 2>&1 </dev/null &
            pid=$!
        fi
        port=$(sed -n 's/^port = //p' "$folder/data/recio.conf" 2>/dev/null)
        if "$programs/pg_isready" -q -p "${port:-5432}" -h "$folder" -U recio -d postgres; then return 0; fi
        tries=$((tries + 1))
        sleep 0.1
    done
    return 1
}
quit() {
    if [ -n "$pid" ]; then
        # Killed alone, it would leave processes that go on answering the clients they have.
        children=
        [ "$1" != -KILL ] || children=$(grep -ls "^PPid:[[:space:]]*$pid\$" /proc/[0-9]*/status | cut -d/ -f3)
        kill "$1" "$pid" $children 2>/dev/null
        wait "$pid" 2>/dev/null
    fi
    pid=
}
while read -r order; do
    case $order in
        start) if start; then echo done; else echo failed; fi ;;
        stop) quit -INT; echo done ;;
        kill) quit -KILL; echo done ;;
    esac
done
