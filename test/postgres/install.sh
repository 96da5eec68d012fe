#!/usr/bin/env sh
# PostgreSQL's programs, and nginx. Debian's packages also start servers of their own, which nothing here uses.
set -eu
install() { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1"; }
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || install postgresql
test -x /usr/sbin/nginx || command -v nginx >/dev/null || install nginx-light
