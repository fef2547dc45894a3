#!/bin/sh
# Tells Spark which NVIDIA GPUs this node has, as one line of JSON (spark.executor.resource.gpu.discoveryScript).
#
# Where CUDA_VISIBLE_DEVICES is set, only what it names is there: psychescale finds a GPU by its place in that list.
set -eu

if [ -n "${CUDA_VISIBLE_DEVICES:-}" ]; then
    found=$(printf '%s' "$CUDA_VISIBLE_DEVICES" | tr ',' '\n')
else
    found=$(nvidia-smi --query-gpu=index --format=csv,noheader) || {
        echo "discover.sh: nvidia-smi failed: is the driver installed on this node?" >&2
        exit 1
    }
fi
addresses=$(printf '%s\n' "$found" | sed -e 's/[[:space:]]//g' -e '/^$/d' -e 's/.*/"&"/' | paste -s -d , -)
if [ -z "$addresses" ]; then
    echo "discover.sh: this node has no GPU" >&2
    exit 1
fi
printf '{"name": "gpu", "addresses": [%s]}\n' "$addresses"
