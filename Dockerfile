# Small, non-root, no compiler in the final image.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY requirements/base.txt requirements/
RUN python -m venv /opt/gateway \
 && /opt/gateway/bin/pip install --no-cache-dir --require-hashes --requirement requirements/base.txt
COPY pyproject.toml README.md ./
COPY gateway gateway
COPY policies policies
# The bytecode that pip writes stays: the user below could not write any, and every start would compile.
RUN /opt/gateway/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="avatar-gateway"
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin gateway \
 && install --directory --owner gateway --group gateway --mode 0700 /var/lib/avatar-gateway
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AVATAR_GATEWAY_DATA_DIR=/var/lib/avatar-gateway \
    AVATAR_GATEWAY_HOST=0.0.0.0 \
    AVATAR_GATEWAY_LOG_FORMAT=json
USER gateway
VOLUME /var/lib/avatar-gateway
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD \
  ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["avatar-gateway"]
CMD ["serve"]
