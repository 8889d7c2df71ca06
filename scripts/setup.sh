#!/bin/sh
# Make the virtual environment. PyTorch comes first and alone, since on Linux the default wheel is a CUDA build of
# several gigabytes: its CPU build is asked for where the PyTorch project's own index can be reached.
set -eu
"$PYTHON" - <<'PY'
import sys
if sys.version_info < (3, 11):
    sys.exit(f"cxnlp needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. Try: make PYTHON=python3.12 …")
PY
[ -x "$VENV/bin/python" ] || "$PYTHON" -m venv "$VENV"
pip() { "$VENV/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }
cpu_index=https://download.pytorch.org/whl/cpu
extra=
if [ "$(uname -s)" = Linux ] && "$VENV/bin/python" - "$cpu_index/torch/" <<'PY' 2>/dev/null
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=5).close()
PY
then extra="--extra-index-url $cpu_index"
fi
echo "Installing PyTorch $TORCH_VERSION and the pinned requirements into $VENV …"
# shellcheck disable=SC2086
pip install $extra "torch==$TORCH_VERSION"
pip install --no-deps --requirement requirements/lock.txt
pip install --no-deps --no-build-isolation --editable .
