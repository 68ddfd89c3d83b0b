#!/usr/bin/env bash
# cmake/install-packages.sh without root and sudo: goes on without headers, and stops without a program.
set -euo pipefail
script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/cmake/install-packages.sh
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT

# All the programs there are: no sudo, an `id` of somebody, an apt-get that must not run, no package installed.
for program in bash env grep true; do ln -s "$(type -P $program)" "$bin/$program"; done
printf '#!/bin/sh\necho 1000\n' >"$bin/id"
printf '#!/bin/sh\nexit 1\n' >"$bin/dpkg-query"
printf '#!/bin/sh\necho "apt-get ran" >&2\nexit 0\n' >"$bin/apt-get"
chmod +x "$bin"/{id,dpkg-query,apt-get}
install_packages() { PATH=$bin "$script" "The test" "$@" 2>&1 </dev/null; }

expect() {
  [[ $output == *"$1"* && $output != *"apt-get ran"* ]] || { echo "expected '$1', got '$output'" >&2; exit 1; }
}

output=$(install_packages grep env)
[ -z "$output" ] || { echo "nothing is missing, and it says '$output'" >&2; exit 1; }
output=$(install_packages grep some-dev) || { echo "should go on without headers" >&2; exit 1; }
expect "The test: some-dev (Debian's names) cannot be installed here: that takes root, and there is no sudo"
if output=$(install_packages no-such-program some-dev); then echo "should stop without a program" >&2; exit 1; fi
expect "Without no-such-program it cannot go on."
printf '#!/bin/sh\nexit 1\n' >"$bin/sudo"
chmod +x "$bin/sudo"
output=$(install_packages some-dev) || { echo "should go on when sudo refuses" >&2; exit 1; }
expect "sudo refuses"
printf '#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n' >"$bin/sudo"
printf '#!/bin/sh\nexit 1\n' >"$bin/apt-get"
output=$(install_packages some-dev) || { echo "should go on when apt-get fails" >&2; exit 1; }
expect "apt-get failed"
