# The cache in front of the service: Debian's nginx. From the checkout's root:
#
#   docker build --file docker/cache.Dockerfile --tag progan-cache .
#
# Its configuration is mounted (docker-compose.yml), so a change of it needs no build.
ARG BASE_IMAGE=docker.io/library/debian:12.12-slim
FROM ${BASE_IMAGE}
# No exact version: Debian keeps only the newest security update of a release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nginx \
    && rm -rf /var/lib/apt/lists/* \
    # a volume that is mounted here gets this owner
    && install --directory --owner 10001 --group 10001 --mode 700 /var/cache/progan
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGQUIT
CMD ["/nginx/start.sh"]
