#!/usr/bin/env sh
# What makes faults: strace fails or delays system calls, libfaketime moves the clock.
set -eu
{ command -v strace && command -v faketime && command -v prlimit; } >/dev/null ||
  { apt-get update -qq && apt-get install -y -qq strace faketime util-linux; }
