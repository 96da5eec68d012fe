#!/usr/bin/env sh
# A registry from Debian, and the client that people push with, built from its published source as its sums in go.sum say.
set -eu
cd "$(dirname "$0")"
command -v docker-registry openssl >/dev/null || { apt-get update -qq && apt-get install -y -qq docker-registry openssl; }
test -x oras/oras || (cd oras && go build -o oras oras.land/oras/cmd/oras)
