import { createParamDecorator, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import type { Request } from 'express';
import type { z } from 'zod';
import { fieldErrors } from './field-errors.js';
import { validationProblem } from './problem.js';
import { BODY_BYTES_MAX, parseJson, readBody } from './read-body.js';
import { requestStateOf } from './request-state.js';

/** Parses once; 422 with every mistake by its pointer. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw validationProblem(fieldErrors(parsed.error));
  return parsed.data;
}

/** The body as JSON of this schema, read after the guards have let the request in. */
export function JsonBody(schema: z.ZodType, bytesMax = BODY_BYTES_MAX): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined) return;
    Reflect.defineMetadata(BODY_SCHEMAS, { 'application/json': schema }, target, method);
    CurrentRequest(undefined, new JsonBodyPipe(schema, bytesMax))(target, method, index);
  };
}

/** True for a body whose schema says what its absence means. */
export function mayBeLeftOut(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success;
}

/** The query parameters as this schema; unknown ones are ignored. */
export function QueryOf(schema: z.ZodObject): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined) return;
    Reflect.defineMetadata(QUERY_SCHEMA, schema, target, method);
    CurrentRequest(undefined, new QueryPipe(schema))(target, method, index);
  };
}

/** The schemas that a handler's parameters were given, for the OpenAPI document. */
export function inputSchemasOf(
  prototype: object,
  method: string,
): { bodies: BodySchemas | undefined; query: z.ZodObject | undefined } {
  return {
    bodies: Reflect.getMetadata(BODY_SCHEMAS, prototype, method) as BodySchemas | undefined,
    query: Reflect.getMetadata(QUERY_SCHEMA, prototype, method) as z.ZodObject | undefined,
  };
}

/** By media type. */
export type BodySchemas = Readonly<Record<string, z.ZodType>>;

/** Documents a body that the handler reads by itself. */
export function DocumentedBody(bodies: BodySchemas): MethodDecorator {
  return (target, method) => Reflect.defineMetadata(BODY_SCHEMAS, bodies, target, method);
}

const BODY_SCHEMAS = 'wavekeeper:bodies';
const QUERY_SCHEMA = 'wavekeeper:query';

const CurrentRequest = createParamDecorator((_: unknown, context: ExecutionContext) =>
  context.switchToHttp().getRequest<Request>(),
);

class QueryPipe implements PipeTransform<Request, unknown> {
  constructor(private readonly schema: z.ZodObject) {}

  transform(request: Request): unknown {
    return parseInput(this.schema, request.query);
  }
}

class JsonBodyPipe implements PipeTransform<Request, Promise<unknown>> {
  constructor(
    private readonly schema: z.ZodType,
    private readonly bytesMax: number,
  ) {}

  async transform(request: Request): Promise<unknown> {
    const bytes = await readBody(request, this.bytesMax);
    if (bytes.length === 0 && mayBeLeftOut(this.schema)) return parseInput(this.schema, undefined);
    const body = parseJson(bytes);
    requestStateOf(request).body = body;
    return parseInput(this.schema, body);
  }
}
