#!/usr/bin/env sh
# The inspector with the Node it needs, from npm, and the Python SDK in an environment of its own.
set -eu
cd "$(dirname "$0")"
npm install --no-audit --no-fund
test -x python/.venv/bin/pip || python3 -m venv python/.venv
python/.venv/bin/pip install --quiet --disable-pip-version-check --requirement python/requirements.txt
