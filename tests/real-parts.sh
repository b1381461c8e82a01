#!/usr/bin/env bash
# Installs what some tests need besides Python: engines, browsers and clients of other makers.
#
#   tests/real-parts.sh          all of it
#   tests/real-parts.sh --quick  without what is large and rarely needed: R
#
# Packages come from Debian (12 or newer) or Ubuntu and take root; without it, or without apt, what is there is used, and the
# tests that lack something are skipped with a reason. Comunica comes from npm and Spark from PyPI into build/clients, each file
# with its checksum.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(curl nginx-light virtuoso-opensource-7-bin default-jre-headless libapache-jena-java chromium)
if [ "${1:-}" != --quick ]; then
  packages+=(r-base-core)
fi

missing=()
if command -v dpkg-query > /dev/null; then
  for package in "${packages[@]}"; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null | grep --quiet '^installed$' || missing+=("$package")
  done
fi

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet --quiet || echo "real-parts: the lists of packages cannot be renewed" >&2
    # One by one: a package that this release does not have keeps no other away. Virtuoso and nginx are started by tests only.
    for package in "${missing[@]}"; do
      RUNLEVEL=1 apt-get install --quiet --quiet --yes --no-install-recommends "$package" > /dev/null \
        || echo "real-parts: $package cannot be had; its tests will be skipped" >&2
    done
  else
    echo "real-parts: not root, or no apt: the tests that need ${missing[*]} will be skipped" >&2
  fi
fi

if command -v npm > /dev/null; then
  mkdir -p build/clients
  # Only when the list has changed: npm ci begins anew each time.
  if ! cmp --silent tests/clients/package-lock.json build/clients/.installed; then
    cp tests/clients/package.json tests/clients/package-lock.json build/clients/
    if npm ci --prefix build/clients --ignore-scripts --no-audit --no-fund --loglevel error > /dev/null; then
      cp tests/clients/package-lock.json build/clients/.installed
    else
      echo "real-parts: Comunica cannot be had from npm; its tests will be skipped" >&2
    fi
  fi
else
  echo "real-parts: no npm (it comes with Node.js): the tests of Comunica will be skipped" >&2
fi

if ! cmp --silent tests/clients/spark.txt build/clients/spark/.installed; then
  rm -rf build/clients/spark build/clients/python
  # A pip of its own: the one of the machine may not be there, or not be allowed to install anything. It stays no longer than this.
  if python3 -m venv build/clients/python \
    && build/clients/python/bin/pip install --quiet "setuptools>=70.1" \
    && build/clients/python/bin/pip install --quiet --no-deps --no-build-isolation --require-hashes \
      --target build/clients/spark -r tests/clients/spark.txt; then
    cp tests/clients/spark.txt build/clients/spark/.installed
  else
    echo "real-parts: Spark cannot be had from PyPI; its test will be skipped" >&2
  fi
  rm -rf build/clients/python
fi
