#!/usr/bin/env bash
# Builds the service's image where no container engine runs, starts it there and asks it for a picture.
# The base is made with debootstrap, the image with buildah in a chroot: both from Debian, both as root.
#
#   docker/build_without_engine.sh FOLDER        FOLDER keeps base and image; about 6 GB
#
# Settings, from the environment:
#   SUITE          Debian's release whose python3 suits constraints.txt (bookworm: 3.11)
#   TORCH_INDEX    as in service.Dockerfile; empty where pip finds the CPU build by itself
#   BUILD_VOLUMES  more bind mounts for the build, separated by spaces: a pip.conf as
#                  /etc/pip.conf, a folder of wheels, certificates (HOST:CONTAINER:ro)
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(realpath -m "${1:?say in which folder to build}")
suite=${SUITE:-bookworm}
port=${PORT:-18000}
base=localhost/progan-base:$suite
image=localhost/progan-service:cpu
mkdir -p "$folder"

for program in buildah debootstrap curl pgrep; do
    command -v "$program" >/dev/null || { echo "$program is missing: apt-get install $program"; exit 1; }
done

run_buildah() { buildah --storage-driver vfs --root "$folder/store" --runroot "$folder/run" "$@"; }

# ---- the base: a minimal Debian with Python
if ! run_buildah images --quiet "$base" >/dev/null 2>&1; then
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$suite" "$folder/rootfs"
    container=$(run_buildah from scratch)
    tar --directory "$folder/rootfs" --create --file "$folder/base.tar" .
    run_buildah add --quiet "$container" "$folder/base.tar" /
    run_buildah commit --quiet "$container" "$base"
    run_buildah rm "$container" >/dev/null
    rm -r "$folder/rootfs" "$folder/base.tar"
fi

# ---- the image
volumes=()
for volume in ${BUILD_VOLUMES:-}; do volumes+=(--volume "$volume"); done
run_buildah bud --isolation chroot --network host --format docker "${volumes[@]}" \
    --build-arg BASE_IMAGE="$base" \
    --build-arg TORCH_INDEX="${TORCH_INDEX-https://download.pytorch.org/whl/cpu}" \
    --file docker/service.Dockerfile --tag "$image" .
run_buildah images

# ---- start it, as its own user, and ask it
container=$(run_buildah from "$image")
inside() { run_buildah run --isolation chroot --network host --env PROGAN_PORT="$port" \
    --env PROGAN_HOST=127.0.0.1 "${bundles[@]}" "$container" -- "$@"; }
bundles=()
if [[ -n ${PROGAN_BUNDLES:-} ]]; then
    bundles=(--volume "$(realpath "$PROGAN_BUNDLES"):/app/models/pretrained:ro")
fi
inside python -m service > "$folder/service.log" 2>&1 &
server=$!
# buildah hands no signal on: the service itself, at the bottom of the tree, is asked first.
stop() {
    local child
    for child in $(pgrep -P "$1"); do stop "$child"; done
    kill "$1" 2>/dev/null || true
}
trap 'stop "$server"; wait "$server" || true; run_buildah rm "$container" >/dev/null' EXIT
for _ in $(seq 120); do
    curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health/ready" && break
    kill -0 "$server" || { cat "$folder/service.log"; exit 1; }
    sleep 1
done
inside python /app/alive.py && echo "health check: alive"
inside python -c 'import os; print("user:", os.getuid())'
if inside python -c 'import training' 2>/dev/null; then echo "training code inside"; exit 1; fi
curl --silent --show-error --fail --dump-header - --output "$folder/picture.png" \
    "http://127.0.0.1:$port/images/7"
echo "picture: $(stat --format %s "$folder/picture.png") bytes in $folder/picture.png"
