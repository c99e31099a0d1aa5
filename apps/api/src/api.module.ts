import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Transactions } from '#database';
import { ModelGateway } from '#model';
import { findEndedKeys, RequestLimiter, SecretBox, SignInLimiter } from '#tenancy';
import { AnswerLinks } from './answer-links/answer-links.js';
import { AnswerPagesController } from './answer-links/answer-pages.controller.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { ArtifactsController } from './artifacts/artifacts.controller.js';
import { UploadController } from './artifacts/upload.controller.js';
import { Uploads } from './artifacts/uploads.js';
import { AuditController } from './audit/audit.controller.js';
import { AttemptsController } from './attempts/attempts.controller.js';
import { ClaimWaiting } from './claims/claim-waiting.js';
import { ClaimsController } from './claims/claims.controller.js';
import { ContextSeriesController } from './waves/context-series.controller.js';
import { DeliveriesController } from './deliveries/deliveries.controller.js';
import {
  ANSWER_SCRAPE,
  CHECK_WEBHOOK_URL,
  KEY_ENVIRONMENT,
  LOGGER,
  OPERATOR_KEY,
  type ApiDependencies,
} from './dependencies.js';
import { DigestsController } from './digests/digests.controller.js';
import { DirectivesController } from './directives/directives.controller.js';
import { AllowedMethods } from './edge/allowed-methods.js';
import { KeyGuard } from './edge/key.guard.js';
import { ProblemFilter } from './edge/problem.filter.js';
import { BodyDeadlines } from './edge/body-deadlines.js';
import { CommandRunner } from './edge/run-command.js';
import { SubjectGuard } from './edge/subject.guard.js';
import { UnusedConnections } from './edge/unused-connections.js';
import { EndpointsController } from './endpoints/endpoints.controller.js';
import { EventStreams, KEYS_LOOK_MS, SLOW_READER_MS, STREAM_BEAT_MS } from './events/event-streams.js';
import { EventsController } from './events/events.controller.js';
import { HealthController } from './health/health.controller.js';
import { InputRequestsController } from './input-requests/input-requests.controller.js';
import { LISTENING_HOST } from './mcp/local-host.guard.js';
import { McpController } from './mcp/mcp.controller.js';
import { MessagesController } from './messages/messages.controller.js';
import { MissionsController } from './missions/missions.controller.js';
import { ModelCredentialsController } from './model-credentials/model-credentials.controller.js';
import { MoneyController } from './money/money.controller.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { OpenApi } from './openapi/openapi.js';
import { SchedulesController } from './schedules/schedules.controller.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { SignIn } from './sessions/sign-in.js';
import { SubmitController } from './tasks/submit.controller.js';
import { TasksController } from './tasks/tasks.controller.js';
import { WorkersController } from './workers/workers.controller.js';
import { TenantsController } from './tenants/tenants.controller.js';
import { Shadows } from './waves/shadows.js';
import { ShadowsController } from './waves/shadows.controller.js';
import { WavesController } from './waves/waves.controller.js';

/** Every resource of the API; the OpenAPI document is made from the same list. */
export const CONTROLLERS: Type[] = [
  MissionsController,
  SubmitController,
  TasksController,
  DirectivesController,
  DigestsController,
  MessagesController,
  InputRequestsController,
  SchedulesController,
  WavesController,
  ShadowsController,
  ContextSeriesController,
  WorkersController,
  EventsController,
  ClaimsController,
  AttemptsController,
  UploadController,
  ArtifactsController,
  EndpointsController,
  DeliveriesController,
  ApiKeysController,
  MoneyController,
  SessionsController,
  ModelCredentialsController,
  AuditController,
  TenantsController,
  HealthController,
  OpenApiController,
];

@Module({})
export class ApiModule {
  static register(dependencies: ApiDependencies): DynamicModule {
    return {
      module: ApiModule,
      controllers: [...CONTROLLERS, McpController, AnswerPagesController],
      providers: [
        { provide: Transactions, useValue: dependencies.transactions },
        { provide: SecretBox, useValue: dependencies.secretBox },
        { provide: ModelGateway, useValue: dependencies.gateway },
        { provide: LOGGER, useValue: dependencies.logger },
        { provide: LISTENING_HOST, useValue: dependencies.config.host },
        { provide: OPERATOR_KEY, useValue: dependencies.adminKey },
        { provide: ANSWER_SCRAPE, useValue: dependencies.answerScrape },
        { provide: CHECK_WEBHOOK_URL, useValue: dependencies.checkWebhookUrl },
        { provide: KEY_ENVIRONMENT, useValue: dependencies.config.databaseUrl === null ? 'local' : 'live' },
        {
          provide: RequestLimiter,
          useValue: new RequestLimiter(dependencies.transactions, () => performance.now()),
        },
        { provide: SignInLimiter, useValue: new SignInLimiter(() => performance.now()) },
        { provide: OpenApi, useValue: new OpenApi(CONTROLLERS) },
        {
          provide: AllowedMethods,
          useFactory: (openApi: OpenApi) => new AllowedMethods(openApi.document().paths),
          inject: [OpenApi],
        },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: KeyGuard }, // guards run in this order
        { provide: APP_GUARD, useClass: SubjectGuard },
        {
          provide: EventStreams,
          useFactory: (transactions: Transactions) =>
            new EventStreams({
              notices: dependencies.eventNotices,
              endedKeys: (keys) => transactions.inSystemTransaction((system) => findEndedKeys(system, keys)),
              logger: dependencies.logger,
              beatMs: STREAM_BEAT_MS,
              keysLookMs: KEYS_LOOK_MS,
              slowReaderMs: SLOW_READER_MS,
            }),
          inject: [Transactions],
        },
        CommandRunner,
        SignIn,
        AnswerLinks,
        ClaimWaiting,
        Uploads,
        BodyDeadlines,
        Shadows,
        UnusedConnections,
      ],
    };
  }
}
