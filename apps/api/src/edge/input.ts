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
    Reflect.defineMetadata(BODY_SCHEMA, schema, target, method);
    CurrentRequest(undefined, new JsonBodyPipe(schema, bytesMax))(target, method, index);
  };
}

/** The query parameters as this schema; unknown ones are ignored. */
export function QueryOf(schema: z.ZodObject): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined) return;
    Reflect.defineMetadata(QUERY_SCHEMA, schema, target, method);
    ParsedQuery({ schema })(target, method, index); // a bare schema would be taken for a pipe: it has a transform()
  };
}

/** The schemas that a handler's parameters were given, for the OpenAPI document. */
export function inputSchemasOf(
  prototype: object,
  method: string,
): { body: z.ZodType | undefined; query: z.ZodObject | undefined } {
  return {
    body: Reflect.getMetadata(BODY_SCHEMA, prototype, method) as z.ZodType | undefined,
    query: Reflect.getMetadata(QUERY_SCHEMA, prototype, method) as z.ZodObject | undefined,
  };
}

/** Documents a body that the handler reads by itself. */
export function DocumentedBody(schema: z.ZodType): MethodDecorator {
  return (target, method) => Reflect.defineMetadata(BODY_SCHEMA, schema, target, method);
}

const BODY_SCHEMA = 'wavekeeper:body';
const QUERY_SCHEMA = 'wavekeeper:query';

const CurrentRequest = createParamDecorator((_: unknown, context: ExecutionContext) =>
  context.switchToHttp().getRequest<Request>(),
);

const ParsedQuery = createParamDecorator(
  ({ schema }: { readonly schema: z.ZodObject }, context: ExecutionContext): unknown =>
    parseInput(schema, context.switchToHttp().getRequest<Request>().query),
);

class JsonBodyPipe implements PipeTransform<Request, Promise<unknown>> {
  constructor(
    private readonly schema: z.ZodType,
    private readonly bytesMax: number,
  ) {}

  async transform(request: Request): Promise<unknown> {
    const body = parseJson(await readBody(request, this.bytesMax));
    requestStateOf(request).body = body;
    return parseInput(this.schema, body);
  }
}
