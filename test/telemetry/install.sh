#!/usr/bin/env sh
# A collector, made by OpenTelemetry's own builder from its published source, and Debian's Prometheus. The collector is
# built where builder.yaml or the builder has changed, which takes minutes; the tests themselves need no network.
set -eu
cd "$(dirname "$0")"
command -v prometheus promtool >/dev/null ||
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus; }
cd collector
made_of="$(cat builder.yaml go.sum | sha256sum)"
if [ "$made_of" != "$(cat built/made-of 2>/dev/null || true)" ]; then
  rm -rf built
  go tool builder --config builder.yaml
  echo "$made_of" > built/made-of
fi
