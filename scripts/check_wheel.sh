#!/bin/sh
# Build the wheel, unpack it away from the checkout, and see that what it needs at run time is in it.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m pip --disable-pip-version-check --quiet wheel --no-deps --no-build-isolation --wheel-dir "$work" .
.venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --target "$work/site" "$work"/cxnlp-*.whl
python=$PWD/.venv/bin/python
cd "$work"
PYTHONPATH="$work/site" "$python" - <<'PY'
import cxnlp, sys
from pathlib import Path
from cxnlp.cli import app
from cxnlp.cli.register import register_all
from cxnlp.config import default_config_toml
from cxnlp.journey import default_journey
from cxnlp.report import render
from cxnlp.taxonomy import default_taxonomy

home = Path(cxnlp.__file__).resolve().parent
assert "site" in home.parts, f"imported from {home}, not from the wheel"
default_config_toml(), default_journey(), default_taxonomy()
register_all(app)
missing = [name for name in ("py.typed",) if not (home / name).exists()]
for folder, pattern in (("report/templates", "*.j2"), ("report/locales", "**/*.po")):
    if not list((home / folder).glob(pattern)):
        missing.append(f"{folder}/{pattern}")
unwanted = [name for name in ("data", "models", "tests", "scripts") if (home.parent / name).exists()]
if missing or unwanted:
    sys.exit(f"the wheel lacks {missing} or carries {unwanted}")
print("the wheel holds what it needs")
PY
PYTHONPATH="$work/site" "$python" -c "from cxnlp.cli import main; import sys; sys.argv = ['cxnlp', 'init', 'own']; main()" >/dev/null
test -s own/cxnlp.toml
