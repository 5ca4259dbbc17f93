# The base must have Python 3.11 or newer with `venv`, as python:*-slim or Debian with python3-venv has.
# Both stages use the same one, because the environment links to its interpreter.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
# System certificates: a build behind an inspecting proxy only has to trust what its base trusts.
ENV UV_PROJECT_ENVIRONMENT=/app/.venv \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_CERTS=1 \
    UV_NO_CACHE=1
# Everything that is installed is what its hash says: uv by this file, and by uv all that the lock names. `--locked`
# refuses a lock that does not fit pyproject.toml.
COPY packaging/uv.txt /build/uv.txt
RUN python3 -m venv /build/uv \
    && /build/uv/bin/pip install --quiet --no-cache-dir --require-hashes --only-binary :all: -r /build/uv.txt
WORKDIR /src
# Dependencies before the source: a change of code does not install them again.
COPY pyproject.toml uv.lock ./
RUN /build/uv/bin/uv sync --quiet --locked --no-dev --no-install-project --python "$(command -v python3)"
COPY README.md LICENSE ./
COPY config ./config
COPY daemon ./daemon
# kubernetes.aio is the client's asynchronous twin, 40 MB that nothing of the synchronous one imports.
# Hash-based bytecode that is never checked: it stays valid whatever a registry or a build tool does to
# the files' times, and an image's sources do not change.
RUN /build/uv/bin/uv sync --quiet --locked --no-dev --no-editable \
    && rm -rf /app/.venv/.lock /app/.venv/lib/python3*/site-packages/kubernetes/aio \
    && find /app/.venv/lib -type d \( -name tests -o -name test \) -prune -exec rm -rf {} + \
    && /app/.venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /app/.venv/lib

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rollbackd" \
      org.opencontainers.image.description="Rolls back the Kubernetes releases that broke the service, and proves the recovery." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The root file system is read-only where this runs, so the standard library's bytecode is made here
# (slim bases ship without it, and starting would take seconds longer); what a daemon never imports is left.
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash \
      -x '/(site-packages|dist-packages|test|tests|idlelib|lib2to3|tkinter|turtledemo|ensurepip|distutils|pydoc_data)/' \
      "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /app/.venv /app/.venv
# One malloc arena for every core and thread would cost tens of megabytes of resident memory.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2
WORKDIR /app
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["rollbackd"]
CMD ["run"]
