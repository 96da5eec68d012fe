#!/bin/sh
# Builds the Rego toolchain: toolchain.wasm.br, toolchain.json, LICENSES.txt.
# Needs the Go that go.mod names and Node (for brotli). The WebAssembly module
# is the same, byte for byte, wherever it is built: -trimpath, pinned modules,
# no cgo, no version control stamp.
#
#   build.sh              writes the three files beside this script
#   build.sh --hash FILE  only builds the module into FILE and prints its SHA-256
set -eu
cd "$(dirname "$0")"

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
wasm="$out/toolchain.wasm"
[ "${1:-}" = "--hash" ] && wasm=$2

# Everything that could change the bytes, said once. A newer Go than the one that
# go.mod names would be taken otherwise, because that line is a minimum.
GOTOOLCHAIN=$(sed -n 's/^toolchain //p' go.mod)
export GOTOOLCHAIN CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm GOWASM= GOFLAGS=-mod=readonly

go build -trimpath -buildvcs=false -ldflags="-s -w" -o "$wasm" .

if [ "${1:-}" = "--hash" ]; then
  node pack.mjs hash "$wasm"
  exit 0
fi
# Module, version, the module's folder and the package's, for the licences.
go list -deps -f '{{$dir := .Dir}}{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}} {{$dir}}{{end}}{{end}}' . |
  sort -u > "$out/packages.txt"
go list -m -f '{{.Version}}' github.com/open-policy-agent/opa > "$out/opa.txt"
go env GOVERSION GOROOT > "$out/go.txt"
node licences.mjs "$out" > LICENSES.txt
node pack.mjs pack "$wasm" "$out"
