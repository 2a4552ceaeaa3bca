#!/bin/sh
# Everything that clients of other makers say of this server: the graphql-http audits, relay-compiler, graphql-codegen,
# Apollo Client, urql, ariadne-codegen, gql, and GraphiQL in a browser that may reach nothing else. Starts a demo server of its own and ends it.
#
#   tests/clients/all.sh BIN [screenshot.png]      BIN holds customer-graph; PORT names another port
set -eu

bin=$1
screenshot=${2:-}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
port=${PORT:-8765}
url=http://127.0.0.1:$port/graphql

"$bin/customer-graph" demo --ephemeral --port "$port" &
server=$!
audits=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; rm -rf "$audits"' EXIT
trap 'exit 130' INT TERM

ready() { "$bin/python" -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/readyz', timeout=2)" 2>/dev/null; }
tries=0
until ready; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ] || ! kill -0 "$server" 2>/dev/null; then
        echo 'The demo server did not become ready.' >&2
        exit 1
    fi
    sleep 1
done

printf '\n== graphql-http audits\n'
cp "$here/graphql-http/package.json" "$here/graphql-http/run.mjs" "$audits"
(cd "$audits" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error)
(cd "$audits" && node run.mjs "$url")

"$here/python/run.sh" "$bin/python" "$url" "$here/../../schema.graphql"
"$here/run.sh" "$url" "$screenshot"
