#!/bin/sh
# Resolve the pins for every platform. torch and the CUDA packages that its default wheel names are left out:
# scripts/setup.sh installs torch itself.
set -eu
torch_version=$(sed -n 's/^TORCH_VERSION := //p' Makefile)
echo "torch==$torch_version" > requirements/.torch-pin
uv pip compile --quiet --universal --python-version 3.11 --extra dev --constraint requirements/.torch-pin \
  --no-emit-package torch --no-emit-package triton --no-header --no-annotate pyproject.toml requirements/build.in |
  grep -vE '^(nvidia-|cuda-)' > requirements/lock.txt
rm requirements/.torch-pin
