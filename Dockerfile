# chatkeep and what it needs, and nothing else: no shell, no other program. See
# docs/docker.md. Docker never ran this file: a test runs its steps without Docker.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# With time zones in it, for --tz and for rhythms as "day at 03:00".
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -tags timetzdata -ldflags="-s -w" -o image/chatkeep .
# Volumes begin with what is here, so that they belong to who writes to them.
RUN mkdir -p volumes/config volumes/state && mkdir -m 1777 volumes/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/image /
COPY --from=build --chown=65532:65532 /src/volumes /
USER 65532:65532
# The state is this machine's writer key, and what it remembers: it has to outlive
# the container. HOME is where .aws/credentials and the like are looked for.
ENV HOME=/state \
    CHATKEEP_CONFIG=/config/config.toml \
    XDG_CONFIG_HOME=/config \
    XDG_DATA_HOME=/state/data \
    XDG_STATE_HOME=/state/state \
    XDG_CACHE_HOME=/state/cache
VOLUME ["/config", "/state"]
# By the max-age of each job, which the configuration says or its rhythm implies.
HEALTHCHECK --interval=5m --timeout=30s CMD ["/chatkeep", "status"]
ENTRYPOINT ["/chatkeep"]
CMD ["run", "--every", "15m"]
