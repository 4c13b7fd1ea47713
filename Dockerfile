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
USER 65532:65532
EXPOSE 8080 9090
# V8 sizes its heap by the node's memory, not by the gateway's need: these keep garbage from piling up
# (docs/benchmarks.md has the figures).
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=30", "/app/dist/main.js"]
CMD ["serve", "--config", "/etc/kubeflow-auth-gateway/gateway.yaml"]
