# Stage 1 compiles; stage 2 installs what production needs; the image holds only their results.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional

# No shell is needed to run: the entry point is the program itself, and nothing is written to disk.
FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json ./
COPY config/kubeflow-routes.yaml config/
USER 65532:65532
EXPOSE 8080 9090
# V8 sizes its heap by the node's memory, not by the gateway's need (docs/benchmarks.md has the figures):
# - max-semi-space-size, heap-growing-percent: how much garbage of JavaScript piles up.
# - scavenger-max-new-space-capacity-mb: how many bytes of bodies do. They lie outside the heap, where a
#   young collection starts at four times this figure: 128 MiB by default. Marking starts at 64 MiB,
#   no young collection runs while it lasts, and its threads wait for a core on a busy machine
#   while the gateway goes on reading. At 4 MiB marking is not needed. Newer versions of V8 do not
#   have this flag, and Node says so instead of starting.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=30", "--scavenger-max-new-space-capacity-mb=1", "/app/dist/main.js"]
CMD ["serve", "--config", "/etc/kubeflow-auth-gateway/gateway.yaml"]
