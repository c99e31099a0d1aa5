FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY . .
# Prisma's command line is an optional peer of its client: --omit=dev alone would keep it, and the compiler, some 250 MB.
RUN node scripts/setup.mjs && npm prune --omit=dev --legacy-peer-deps --ignore-scripts --no-audit --no-fund

FROM node:22-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 WAVEKEEPER_HOME=/var/lib/wavekeeper
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin wavekeeper \
 && install --directory --owner=10001 --mode=0700 /var/lib/wavekeeper
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/bin bin
COPY --from=build /app/dist/apps dist/apps
COPY --from=build /app/dist/libs dist/libs
COPY --from=build /app/dist/dashboard dist/dashboard
COPY --from=build /app/prisma/migrations prisma/migrations
USER 10001
EXPOSE 7070
ENTRYPOINT ["node", "bin/wavekeeper.mjs"]
CMD ["up"]
