#!/usr/bin/env sh
# PostgreSQL's programs. Debian's package also starts a server of its own, which nothing here uses.
set -eu
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null ||
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql; }
