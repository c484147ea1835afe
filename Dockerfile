# Build: the Debian package, as `make package` makes it.
FROM swift:6.3-bookworm AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libssl-dev zlib1g-dev python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
RUN swift package resolve --scratch-path .build-package
COPY . .
RUN Tools/package/make.sh

# Run: the package and what it depends on; no compiler, no tools beyond Debian's own, no root. Tools/package/check.sh serves from
# the same in a new root.
FROM debian:bookworm-slim
RUN --mount=type=bind,from=build,source=/src/dist,target=/dist \
    apt-get update -qq && apt-get install -y -qq --no-install-recommends /dist/apus_*.deb && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin apus && mkdir /models
USER 10001
# A model folder mounted here is served with: docker run -v /my/model:/models/my-model … --model /models/my-model
VOLUME /models
ENV APUS_HOST=0.0.0.0
EXPOSE 8080
# Bash speaks TCP by itself; the image needs no HTTP client. With TLS, give `docker run` a --health-cmd of your own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/${APUS_PORT:-8080}; printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3; head -n 1 <&3 | grep -q ' 200 '"]
# Drains: docker run --stop-timeout 45 gives running replies the time of shutdown-grace.
STOPSIGNAL SIGTERM
ENTRYPOINT ["apus"]
CMD ["serve"]
