import 'reflect-metadata';
import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ApiModule } from './api.module.js';
import type { ApiDependencies } from './dependencies.js';
import { BODY_MS_MAX, BodyDeadlines } from './edge/body-deadlines.js';
import { entityTag } from './edge/entity-tag.js';
import { measureRequest } from './edge/measure-request.js';
import { NestLog } from './edge/nest-log.js';
import { stampResponse } from './edge/request-state.js';
import { UnusedConnections } from './edge/unused-connections.js';
import { serveDashboard } from './screens/serve-dashboard.js';
import { OpenApi } from './openapi/openapi.js';

/** A client gets this long to send its headers; `BodyDeadlines` has the time for its body, and an answer's is the route's affair. */
const HEADERS_MS = 10_000;
/** How often Node looks at them: Node's own half a minute would let a slow client stay four times as long. */
const CONNECTIONS_CHECK_MS = 1_000;
const KEEP_ALIVE_MS = 65_000;
const REQUESTS_PER_SOCKET_MAX = 1_000;

/** The API, ready to be listened with, to be tested without listening, or to live beside workers in one process. */
export async function createApiApp(dependencies: ApiDependencies): Promise<INestApplication> {
  const options: NestApplicationOptions = {
    bodyParser: false,
    logger: new NestLog(dependencies.logger),
    abortOnError: false,
  };
  const app = await NestFactory.create<NestExpressApplication>(
    ApiModule.register(dependencies),
    new ExpressAdapter(),
    options,
  );
  app.disable('x-powered-by');
  app.set('etag', (body: string | Buffer) => entityTag(body));
  app.use(measureRequest);
  app.use(app.get(BodyDeadlines).begin);
  app.use(stampResponse);
  serveDocumentation(app);
  serveDashboard(app, dependencies.dashboardDir);
  boundSlowClients(app.getHttpServer());
  app.get(UnusedConnections).watch(app.getHttpServer());
  return app.init();
}

/** Swagger UI, from this server alone; the document is made when somebody looks. */
function serveDocumentation(app: NestExpressApplication): void {
  // our own document type is narrower where Swagger's leaves everything optional
  const document = () => app.get(OpenApi).document() as unknown as OpenAPIObject;
  SwaggerModule.setup('docs', app, document, { raw: false, customSiteTitle: 'Wavekeeper API' });
}

function boundSlowClients(server: Server): void {
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = BODY_MS_MAX;
  Object.assign(server, { connectionsCheckingInterval: CONNECTIONS_CHECK_MS }); // read when it begins to listen
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxRequestsPerSocket = REQUESTS_PER_SOCKET_MAX;
}
