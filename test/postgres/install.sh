#!/usr/bin/env sh
# PostgreSQL's programs, and PgBouncer. Debian's packages also start servers of their own, which nothing here uses.
set -eu
packages=''
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || packages='postgresql'
command -v pgbouncer >/dev/null || packages="$packages pgbouncer"
command -v openssl >/dev/null || packages="$packages openssl"
[ -z "$packages" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages; }
