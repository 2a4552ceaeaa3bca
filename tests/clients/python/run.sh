#!/bin/sh
# Whether the clients of Python take the schema and a running demo server: ariadne-codegen and gql, each in an
# environment of its own, since they need different versions of graphql-core. Everything is in a temporary directory.
#
#   tests/clients/python/run.sh PYTHON http://127.0.0.1:8000/graphql schema.graphql
set -eu

python=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
url=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

cp "$here"/*.py "$here"/*.graphql "$here/pyproject.toml" "$work"
cp "$3" "$work/schema.graphql"
cd "$work"

install() { # NAME PACKAGE…: an environment with these packages
    "$python" -m venv "$1"
    name=$1
    shift
    "$name/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

printf '\n== ariadne-codegen\n'
install ariadne ariadne-codegen==0.19.0
ariadne/bin/ariadne-codegen
ariadne/bin/python check_ariadne.py "$url"

printf '\n== gql\n'
install gql-client 'gql[requests]==4.4.0'
gql-client/bin/python check_gql.py "$url" schema.graphql queries.graphql
