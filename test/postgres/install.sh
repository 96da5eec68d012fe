#!/usr/bin/env sh
# PostgreSQL's programs, PgBouncer and nginx, of which Debian also starts servers that nothing here uses; openssl makes
# certificates, libfaketime moves clocks.
set -eu
packages=''
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || packages='postgresql'
command -v pgbouncer >/dev/null || packages="$packages pgbouncer"
test -x /usr/sbin/nginx || command -v nginx >/dev/null || packages="$packages nginx-light"
command -v openssl >/dev/null || packages="$packages openssl"
command -v faketime >/dev/null || packages="$packages faketime"
[ -z "$packages" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages; }
