#!/bin/sh
# Starts the cache: writes nginx's configuration from the variables below, and becomes nginx.
#
#   docker/nginx/start.sh [OPTIONS OF NGINX]
#   docker/nginx/start.sh --print > /etc/nginx/conf.d/progan.conf      for an nginx that runs already
#
#   CACHE_UPSTREAM  host:port of the service
#   CACHE_LISTEN    port to listen on, or address:port
#   CACHE_PREFIX    path below which pages and pictures are shown, as /faces; empty: at the root
#   CACHE_FOLDER    where pictures are kept
#   CACHE_SIZE      how much of the disk pinned pictures may take; those of names take 1g at most
#   CACHE_PROXIES   addresses of proxies in front, whose X-Forwarded-For names the client
#   CACHE_RUN       where the configuration and nginx's temporary files are written
set -eu
here=$(cd "$(dirname "$0")" && pwd)
upstream=${CACHE_UPSTREAM:-127.0.0.1:8000}
listen=${CACHE_LISTEN:-8080}
prefix=${CACHE_PREFIX:-}
folder=${CACHE_FOLDER:-/var/cache/progan}
size=${CACHE_SIZE:-10g}
proxies=${CACHE_PROXIES:-}
run=${CACHE_RUN:-/tmp/progan-cache}

# require NAME VALUE PATTERN EXAMPLE: the whole value is of this form.
require() {
    echo "$(printf '%s' "$2" | tr '\n' '!')" | grep -Eqx "$3" ||
        { echo "$1 is '$2': say it as in $1=$4" >&2; exit 2; }
}
host='([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])'
require CACHE_UPSTREAM "$upstream" "$host:[0-9]{1,5}" service:8000
require CACHE_LISTEN "$listen" "($host:)?[0-9]{1,5}" 127.0.0.1:8080
require CACHE_PREFIX "$prefix" '((/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+)?' /faces
require CACHE_FOLDER "$folder" '/[A-Za-z0-9._/-]+' /var/cache/progan
require CACHE_SIZE "$size" '[1-9][0-9]*[kmgKMG]' 10g
require CACHE_PROXIES "$proxies" '([0-9A-Fa-f:./]+(,[0-9A-Fa-f:./]+)*)?' 10.0.0.1,10.1.0.0/16

# The name of the service is looked up again while nginx runs: a new container has a new address.
servers=$(sed -nE 's/^nameserver +([0-9.]+) *$/\1/p' /etc/resolv.conf | tr '\n' ' ')
resolver=${servers:+"resolver ${servers}valid=5s ipv6=off;"}
trusted=
if [ -n "$proxies" ]; then
    trusted="real_ip_header X-Forwarded-For; real_ip_recursive on;"
    for each in $(echo "$proxies" | tr ',' ' '); do trusted="$trusted set_real_ip_from $each;"; done
fi

written() {
    sed -e "s|@UPSTREAM@|$upstream|g" -e "s|@LISTEN@|$listen|g" \
        -e "s|@PATTERN@|$(printf '%s' "$prefix" | sed 's/\./\\\\./g')|g" -e "s|@PREFIX@|$prefix|g" \
        -e "s|@FOLDER@|$folder|g" -e "s|@SIZE@|$size|g" \
        -e "s|@RESOLVER@|$resolver|g" -e "s|@PROXIES@|$trusted|g" "$here/progan.conf.template"
}
if [ "${1:-}" = --print ]; then
    written
    exit
fi
mkdir -p "$run" "$folder"
cp "$here/nginx.conf" "$run/nginx.conf"
written > "$run/progan.conf"
exec nginx -p "$run" -c "$run/nginx.conf" "$@"
