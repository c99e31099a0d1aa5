FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN node scripts/setup.mjs

FROM node:22-bookworm-slim
ENV NODE_ENV=production WAVEKEEPER_HOME=/home/node/.wavekeeper
WORKDIR /app
COPY --from=build --chown=node:node /app /app
USER node
EXPOSE 7070
HEALTHCHECK --interval=5s --retries=30 CMD ["node", "-e", "fetch('http://127.0.0.1:7070/readyz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/apps/cli/src/main.js", "up"]
