# The base image is pinned: the digest is that of the index for all platforms. Newer ones are taken by hand, with the tests.
# Compiles with the development packages, which do not reach the image.
FROM node:22.23.3-bookworm-slim@sha256:43ac6c60b8f89723f746e8a92ce91abd5017e627ce1ddfe4238355d3a30b772c AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY scripts/bundle.mjs ./scripts/
COPY src ./src
COPY console ./console
RUN npm run build

FROM node:22.23.3-bookworm-slim@sha256:43ac6c60b8f89723f746e8a92ce91abd5017e627ce1ddfe4238355d3a30b772c AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:22.23.3-bookworm-slim@sha256:43ac6c60b8f89723f746e8a92ce91abd5017e627ce1ddfe4238355d3a30b772c
ENV NODE_ENV=production
# A container is reached from outside of it; where it may be reached from, its network says.
ENV HOST=0.0.0.0
WORKDIR /app
COPY package.json ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# For the file store; an installation with Redis writes nothing.
RUN mkdir data && chown node:node data
# The user node, by number: Kubernetes cannot tell that a name is not root.
USER 1000:1000
# docker-bake.hcl sets them.
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Holdfast" \
  org.opencontainers.image.description="Delivers feature flags and config to every connected client through GRIP proxies" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="docker.io/library/node:22.23.3-bookworm-slim"
EXPOSE 8080
# Without --ready: a node that waits for its store must not be restarted for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["node", "dist/main.js", "health"]
# No shell and no npm in between: the server gets SIGTERM itself and drains.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
