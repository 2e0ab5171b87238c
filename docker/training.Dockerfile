# Training: models/ and training/, no service. From the checkout's root:
#
#   docker build --file docker/training.Dockerfile --tag progan-training:cpu .
#   docker run --rm --volume progan-data:/data --volume progan-runs:/runs progan-training:cpu \
#     prepare 'dicebear:personas?count=4000&size=32' /data/personas-32
#
# TORCH_INDEX and TORCH_BUILD choose the CPU or a CUDA build, as in service.Dockerfile.
ARG BASE_IMAGE=docker.io/library/python:3.11.17-slim-trixie

# ---- what to install
FROM ${BASE_IMAGE} AS requirements
WORKDIR /build
COPY pyproject.toml docker/requirements.py ./
RUN python3 requirements.py training tensorboard tune > requirements.txt

# ---- the installed packages, at the versions of constraints.txt
FROM ${BASE_IMAGE} AS dependencies
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
    && pip uninstall --yes pip

# ---- what runs
FROM ${BASE_IMAGE} AS training
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Progan training" \
      org.opencontainers.image.description="Grows a Progressive GAN and exports its generator" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# The volumes belong to the one user from the start, so that a new named volume does as well.
RUN groupadd --gid 10001 progan \
    && useradd --uid 10001 --gid progan --no-create-home --home-dir /tmp --shell /usr/sbin/nologin progan \
    && install --directory --owner progan --group progan /data /runs

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/cache \
    TORCHINDUCTOR_CACHE_DIR=/tmp/cache/inductor \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

WORKDIR /app
COPY --from=dependencies /opt/venv /opt/venv
COPY models ./models
COPY training ./training
RUN python -m compileall -q models training

USER 10001:10001
VOLUME ["/data", "/runs"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "training"]
CMD ["--help"]
