#!/bin/sh
# Whether a frontend's own tools accept this server:
#
#   tests/clients/run.sh [http://127.0.0.1:8000/graphql [screenshot.png]]
#
# relay-compiler and graphql-codegen generate code from schema.graphql, TypeScript checks it and its callers. With the
# address of a running demo server, Apollo Client and urql ask it, and GraphiQL is worked in headless Chromium. Needs Node, npm and Chromium (CHROMIUM
# names it). Everything happens in a temporary directory; nothing is left in the checkout. SCHEMA names another schema.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
schema=${SCHEMA:-$here/../../schema.graphql}
url=${1:-}
screenshot=${2:-}
case $screenshot in '' | /*) ;; *) screenshot=$PWD/$screenshot ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

cp -R "$here/package.json" "$here/relay.config.json" "$here/codegen.ts" "$here/tsconfig.json" \
    "$here/relay" "$here/codegen" "$here/graphiql" "$here/apollo" "$here/urql" "$work"
cp "$schema" "$work/schema.graphql"
cd "$work"

# No lock file is kept: package.json pins what we name, and the date pins what that brings along.
npm install --before=2026-10-20 --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error

PATH=$work/node_modules/.bin:$PATH

step() { printf '\n== %s\n' "$1"; }

step 'relay-compiler'
mkdir -p relay/__generated__
relay-compiler

step 'graphql-codegen'
graphql-codegen

step 'tsc --strict'
tsc --project .
echo 'The generated code and its callers have the types they expect.'

if [ -n "$url" ]; then
    step 'Apollo Client'
    node apollo/check.mjs "$url"
    step 'urql with Graphcache'
    node urql/check.mjs "$url" schema.graphql
    step 'GraphiQL'
    node graphiql/check.mjs "$url" ${screenshot:+"$screenshot"}
else
    step 'Apollo Client, urql and GraphiQL are left out: no address given'
fi
