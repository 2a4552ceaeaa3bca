#!/bin/sh
# Sets up the virtual environment that the make targets work in: tools/environment.sh FOLDER [PYTHON]
#
# One that is whole and up to date stays as it is. One that is half-built, that does not run any more (its Python was
# removed, or its folder moved) or that has another Python than the one asked for is removed and built anew. Without
# PYTHON, the first of the candidates below that is new enough is taken.
set -eu
cd "$(dirname "$0")/.."

folder=$1 asked=${2:-}
bin=$folder/bin ready=$folder/.ready lock=requirements/dev.txt
candidates='python3.11 python3.12 python3.13 python3.14 python3 python'
oldest=$(sed -n 's/^requires-python = ">=\(.*\)"$/\1/p' pyproject.toml)

# Prints one sentence, and ends.
fail() {
    echo "$1" >&2
    exit 1
}

# Whether a Python is new enough.
is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] < tuple(map(int, sys.argv[1].split("."))))' "$oldest" 2>/dev/null
}

# The version of a Python, such as 3.11.7; empty where there is no such command.
version_of() {
    "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null || true
}

# Sets `python` to the Python to build the environment with. Fails where none is new enough.
choose_python() {
    advice="Name one that is: make run PYTHON=/path/to/python$oldest"
    if [ -n "$asked" ]; then
        python=$asked found=$(version_of "$asked")
        is_new_enough "$python" ||
            fail "Customer Graph needs Python $oldest or later, and $asked is ${found:-no Python that runs}. $advice"
        return
    fi
    for python in $candidates; do
        if is_new_enough "$python"; then return; fi
    done
    found=$(version_of python3)
    fail "Customer Graph needs Python $oldest or later, and none is on PATH${found:+ (python3 is $found)}. $advice"
}

# What stands in the file that marks an environment as whole: its place, and the version of its Python.
describe_environment() {
    echo "$(cd "$folder" && pwd) $(version_of "$bin/python")"
}

# Whether the environment is whole, runs where it is, and has the Python that was asked for.
is_whole() {
    [ -e "$ready" ] || return 1
    [ "$(cat "$ready")" = "$(describe_environment)" ] || return 1
    [ -z "$asked" ] || [ "$(version_of "$bin/python")" = "$(version_of "$asked")" ]
}

remove_environment() {
    [ ! -e "$folder" ] || [ -e "$folder/pyvenv.cfg" ] || rmdir "$folder" 2>/dev/null ||
        fail "$folder is no virtual environment, so it is left alone: remove it, or name another by VENV=…"
    rm -rf "$folder"
}

install() {
    "$bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# Prints a dot every two seconds, until it is killed.
show_life() {
    while sleep 2; do printf . >&2; done
}

# Stops the dots, and says what a failure means.
end() {
    status=$?
    kill "$life" 2>/dev/null || true
    [ "$status" = 0 ] || fail "
$folder could not be set up; what is above says why. The next make begins anew."
}

if [ -n "$asked" ]; then choose_python; fi
if is_whole; then
    if [ "$ready" -nt pyproject.toml ] && [ "$ready" -nt "$lock" ]; then exit 0; fi
    rm "$ready"
else
    choose_python
    remove_environment
fi

if [ -d "$folder" ]; then
    printf %s "Bringing $folder up to date " >&2
else
    printf %s "Setting up $folder, once, which takes a minute or two " >&2
fi
show_life &
life=$!
trap end EXIT
trap 'exit 130' INT TERM
[ -d "$folder" ] || "$python" -m venv "$folder"
install --require-hashes -r "$lock"
install --no-deps --no-build-isolation -e .
describe_environment > "$ready"
echo " done, with Python $(version_of "$bin/python")." >&2
