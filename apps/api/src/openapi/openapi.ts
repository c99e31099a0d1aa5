import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import type { z } from 'zod';
import { EVENT_TYPES, ID_PREFIXES, problemSchema, webhookBodySchema } from '#contracts';
import { inputSchemasOf, mayBeLeftOut, type BodySchemas } from '../edge/input.js';
import { routeOf, type RouteOptions } from '../edge/route.js';
import { Components, type JsonSchema } from './components.js';

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: JsonSchema;
  readonly paths: Record<string, JsonSchema>;
  readonly webhooks: Record<string, JsonSchema>;
  readonly components: JsonSchema;
}

/** One handler of a controller, with all that was said about it. */
interface Operation {
  readonly id: string;
  readonly tag: string;
  readonly verb: string;
  readonly path: string;
  readonly route: RouteOptions;
  readonly bodies: BodySchemas | undefined;
  readonly query: z.ZodObject | undefined;
}

/** The description of this API, made from its own schemas when it is first asked for. */
export class OpenApi {
  private made: OpenApiDocument | null = null;

  constructor(private readonly controllers: readonly Type[]) {}

  document(): OpenApiDocument {
    this.made ??= describe(this.controllers.flatMap(operationsOf));
    return this.made;
  }
}

function describe(operations: readonly Operation[]): OpenApiDocument {
  const components = new Components();
  const problem = components.add(problemSchema, 'output');
  const paths: Record<string, JsonSchema> = {};
  for (const operation of operations)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.verb]: describeOperation(operation, components, problem),
    };
  const webhook = components.add(webhookBodySchema, 'output');
  return {
    openapi: '3.1.0',
    info: {
      title: 'Wavekeeper',
      version: '1',
      description: 'Short-lived conductors for long-lived missions, over a durable task ledger.',
    },
    paths,
    webhooks: Object.fromEntries(EVENT_TYPES.map((type) => [type, describeWebhook(type, webhook)])),
    components: {
      schemas: components.schemas,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', bearerFormat: 'wk_…' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-wavekeeper' },
      },
    },
  };
}

function describeOperation(operation: Operation, components: Components, problem: JsonSchema): JsonSchema {
  const { route, bodies } = operation;
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: route.summary,
    description: describeAccess(route),
    security: securityOf(route),
    parameters: [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)],
    ...(bodies === undefined
      ? {}
      : {
          requestBody: {
            required: !Object.values(bodies).every(mayBeLeftOut),
            content: content(components, bodies),
          },
        }),
    responses: {
      ...describeAnswers(route, components),
      default: {
        description: 'A problem (RFC 9457)',
        content: { 'application/problem+json': { schema: problem } },
      },
    },
  };
}

/** Either will do; the operator signs in to nothing. */
function securityOf({ access }: RouteOptions): JsonSchema[] {
  if (access === 'public') return [];
  return access === 'operator' ? [{ key: [] }] : [{ key: [] }, { session: [] }];
}

function describeAccess(route: RouteOptions): string {
  if (route.access === 'public') return 'Needs no key.';
  if (route.access === 'operator') return 'Needs the operator’s key.';
  return `Needs a key with ${route.access.map((scope) => `\`${scope}\``).join(' or ')}.`;
}

function describeAnswers(route: RouteOptions, components: Components): JsonSchema {
  const answers = Object.entries({ ...route.alsoAnswers, [route.status ?? 200]: route.answer });
  return Object.fromEntries(
    answers.map(([status, schema]) => {
      const content = {
        ...(schema === null ? {} : { 'application/json': { schema: components.add(schema, 'output') } }),
        ...(route.eventStream === undefined
          ? {}
          : { 'text/event-stream': describeStream(route.eventStream) }),
      };
      return [status, { description: 'Done', ...(Object.keys(content).length > 0 && { content }) }];
    }),
  );
}

function describeStream(description: string): JsonSchema {
  return { schema: { type: 'string', description } };
}

function content(components: Components, bodies: BodySchemas): JsonSchema {
  return Object.fromEntries(
    Object.entries(bodies).map(([mediaType, schema]) => [
      mediaType,
      { schema: components.add(schema, 'input') },
    ]),
  );
}

function pathParameters(operation: Operation): JsonSchema[] {
  const { subject } = operation.route;
  if (subject === undefined) return [];
  const schema = { type: 'string', pattern: `^${ID_PREFIXES[subject]}_` };
  return [{ name: 'id', in: 'path', required: true, schema }];
}

function queryParameters(operation: Operation): JsonSchema[] {
  if (operation.query === undefined) return [];
  const { properties = {}, required = [] } = new Components().add(operation.query, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function headerParameters(operation: Operation): JsonSchema[] {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string', maxLength: 255 },
  });
  if (operation.route.access === 'public') return [];
  if (operation.route.eventStream !== undefined && operation.route.subject !== undefined)
    return [header('Last-Event-ID', 'The last seq that was read; goes before `after`.')];
  if (operation.verb === 'post')
    return [header('Idempotency-Key', 'The same key and body get the first answer again, for 72 hours.')];
  return operation.verb === 'patch'
    ? [header('If-Match', 'The ETag that was read; 412 when what a PATCH can change has changed since.')]
    : [];
}

function describeWebhook(type: string, schema: JsonSchema): JsonSchema {
  return {
    post: {
      operationId: `on:${type}`,
      summary: `Sent for ${type}, signed as Standard Webhooks prescribe`,
      parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
        name,
        in: 'header',
        required: true,
        schema: { type: 'string' },
      })),
      requestBody: { required: true, content: { 'application/json': { schema } } },
      responses: { '2XX': { description: 'Taken; anything else is tried again.' } },
    },
  };
}

function operationsOf(controller: Type): Operation[] {
  const prototype = controller.prototype as Record<string, unknown>;
  const base = String(Reflect.getMetadata(PATH_METADATA, controller) ?? '');
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    const route = typeof handler === 'function' ? routeOf(handler) : undefined;
    if (route === undefined || typeof handler !== 'function') return [];
    const verb = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod; // set by @Get and its like
    const path = pathOf(base, String(Reflect.getMetadata(PATH_METADATA, handler) ?? ''));
    const tag = controller.name.replace('Controller', '');
    const inputs = inputSchemasOf(prototype, name);
    return [{ id: name, tag, verb: RequestMethod[verb].toLowerCase(), path, route, ...inputs }];
  });
}

/** `v1/missions` and `:id/pause` → `/v1/missions/{id}/pause`. */
function pathOf(base: string, rest: string): string {
  const parts = `${base}/${rest}`.split('/').filter((part) => part !== '');
  return `/${parts.map((part) => part.replace(/^:(.+)$/, '{$1}')).join('/')}`;
}
