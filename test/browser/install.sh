#!/usr/bin/env sh
# The browser that the pages are tested in; not more than Debian's own.
set -eu
command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium; }
