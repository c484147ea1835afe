# Build: the Swift toolchain and the two C libraries; the result is one executable and its resources.
FROM swift:6.3-bookworm AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libssl-dev zlib1g-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product apus --static-swift-stdlib \
 && mkdir -p /out \
 && cp .build/release/apus /out/ \
 && cp -r .build/release/apus_Serving.resources /out/

# Run: no compiler, no shell tools beyond Debian's own, no root.
FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates libssl3 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin apus
COPY --from=build /out/ /opt/apus/
COPY config/apus.yaml /etc/apus/apus.yaml
RUN ln -s /opt/apus/apus /usr/local/bin/apus && mkdir /models
USER 10001
# A model folder mounted here is served with: docker run -v /my/model:/models/my-model … --model /models/my-model
VOLUME /models
ENV APUS_HOST=0.0.0.0
EXPOSE 8080
# Bash speaks TCP by itself; the image needs no HTTP client.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/${APUS_PORT:-8080}; printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3; head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["apus"]
CMD ["serve"]
