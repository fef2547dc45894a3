#!/usr/bin/env bash
# Runs this machine's python@MINOR@ with the packages beside this file, wherever the folder lies: a virtual environment
# whose interpreter is looked up when it starts. PSYCHESCALE_PYTHON names an interpreter that is not on PATH.
set -eu
own=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
stated=${PSYCHESCALE_PYTHON:-python@MINOR@}
told=$("$stated" -sEc 'import sys; print("%d.%d" % sys.version_info[:2], sys._base_executable)' 2>/dev/null) || {
    echo "psychescale needs $stated on this machine; name another with PSYCHESCALE_PYTHON." >&2
    exit 127
}
if [ "${told%% *}" != "@MINOR@" ]; then
    echo "psychescale's packages are for Python @MINOR@; $stated is another version." >&2
    exit 127
fi
# The name it is started by tells Python where its environment is. -s: packages of the user's home stay out.
exec -a "$own/python" "${told#* }" -s "$@"
