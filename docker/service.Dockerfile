# The service: models/ and service/, no training code. From the checkout's root:
#
#   docker build --file docker/service.Dockerfile --tag progan-service:cpu .
#   docker build --file docker/service.Dockerfile --tag progan-service:gpu \
#     --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130 --build-arg TORCH_BUILD=cu130 .
#
# For a cluster (docs/cluster.md) add  --build-arg EXTRAS="service tracing cluster"
#
# A CUDA build of torch carries its own CUDA libraries, so both images grow from the same base: any
# Debian-like one whose `python3` is the version constraints.txt was made for, with `venv`.
ARG BASE_IMAGE=docker.io/library/python:3.11.17-slim-trixie

# ---- what to install: a stage of its own, so that a changed lint rule in pyproject.toml does not
# ---- install everything again
FROM ${BASE_IMAGE} AS requirements
ARG EXTRAS="service tracing"
WORKDIR /build
COPY pyproject.toml docker/requirements.py ./
RUN python3 requirements.py ${EXTRAS} > requirements.txt

# ---- the installed packages, at the versions of constraints.txt
FROM ${BASE_IMAGE} AS dependencies
# Where torch comes from besides PyPI, and what its version must end with. The build fails when
# another torch slips in (the default one on PyPI is several gigabytes of CUDA).
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH_BUILD=cpu
ENV PATH=/opt/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY constraints.txt ./
COPY --from=requirements /build/requirements.txt ./
RUN python3 -m venv /opt/venv \
    && PIP_EXTRA_INDEX_URL="${PIP_EXTRA_INDEX_URL:-} ${TORCH_INDEX}" pip install --no-cache-dir \
        --only-binary :all: --constraint constraints.txt --requirement requirements.txt \
    && python -c "import sys, torch; build = torch.__version__.partition('+')[2]; \
        build == '${TORCH_BUILD}' or sys.exit(f'torch is the build {build!r}, not ${TORCH_BUILD}')" \
    && pip uninstall --yes pip \
    # half of OpenVINO's 180 MB is for other processors and for files of other frameworks
    && find /opt/venv -path '*/openvino/*' \( -name '*_[gn]pu_plugin.so' -o -name '*_frontend.so.*' \
        -o -name cache.json -o -name '*.hpp' -o -name '*.h' \) -delete \
    # of torch, what only compiles or tests C++: 190 MB
    && find /opt/venv -path '*/torch/bin/*' ! -name torch_shm_manager -delete \
    && rm -r /opt/venv/lib/python3*/site-packages/torch/include \
    && rm -rf /opt/venv/lib/python3*/site-packages/torch/test \
    # of the C2PA library, what only links Rust programs: 31 MB
    && find /opt/venv -path '*/c2pa/libs/*' -name '*.rlib' -delete \
    && python -c "import c2pa" \
    && python -c "import openvino, sys; 'CPU' in openvino.Core().available_devices or sys.exit(1)"

# ---- what runs
FROM ${BASE_IMAGE} AS service
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Progan service" \
      org.opencontainers.image.description="Pictures by seed from a Progressive GAN, over HTTP" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Nobody in particular, with the same number on every host, so that volumes keep their owner.
RUN groupadd --gid 10001 progan \
    && useradd --uid 10001 --gid progan --no-create-home --home-dir /tmp --shell /usr/sbin/nologin progan

# All that is written at run time (caches, temporary files) goes to /tmp: the root may be read-only.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/cache \
    TORCHINDUCTOR_CACHE_DIR=/tmp/cache/inductor \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    PROGAN_HOST=0.0.0.0 \
    PROGAN_PORT=8000

WORKDIR /app
COPY --from=dependencies /opt/venv /opt/venv
COPY docker/alive.py ./
COPY models ./models
COPY service ./service
RUN python -m compileall -q models service alive.py \
    # a volume that is mounted here gets this owner
    && install --directory --owner 10001 --group 10001 --mode 700 /app/data/credentials

USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "/app/alive.py"]
CMD ["python", "-m", "service"]
