#!/usr/bin/env sh
# Other versions of Node and npm, publint and the types of Kubernetes from npm; what looks over units of systemd from Debian.
set -eu
command -v systemd-analyze >/dev/null || { apt-get update -qq && apt-get install -y -qq systemd; }
cd "$(dirname "$0")"
npm install --no-audit --no-fund
