import { ID_PREFIXES, SCOPES, type IdKind, type Scope } from '#contracts';
import { CONTROLLERS } from '../src/api.module.js';
import { OpenApi, type OpenApiDocument } from '../src/openapi/openapi.js';

export type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete';
type JsonSchema = Record<string, unknown>;

/** One operation of the OpenAPI document, with what the document says of it. */
export interface Operation {
  readonly verb: Verb;
  readonly path: string;
  readonly operationId: string;
  readonly access: 'public' | 'operator' | 'tenant';
  /** A key needs one of these. */
  readonly scopes: readonly Scope[];
  /** What the id in the path names; null when there is none. */
  readonly kind: IdKind | null;
  readonly query: readonly { readonly name: string; readonly schema: JsonSchema }[];
  /** By media type. */
  readonly bodies: Readonly<Record<string, JsonSchema>>;
  /** By status; null where the answer is no JSON. */
  readonly answers: Readonly<Record<string, JsonSchema | null>>;
}

interface Described {
  readonly operationId: string;
  readonly description: string;
  readonly security: readonly unknown[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: JsonSchema }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export const apiDocument: OpenApiDocument = new OpenApi(CONTROLLERS).document();

/** Every operation there is: a route that is added is covered from then on. */
export const operations: readonly Operation[] = Object.entries(apiDocument.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, described]) => toOperation(verb as Verb, path, described as Described)),
);

function toOperation(verb: Verb, path: string, described: Described): Operation {
  const needs = described.security.length > 0;
  const scopes = SCOPES.filter((scope) => described.description.includes(`\`${scope}\``));
  return {
    verb,
    path,
    operationId: described.operationId,
    access: !needs ? 'public' : scopes.length === 0 ? 'operator' : 'tenant',
    scopes,
    kind: kindOf(described.parameters.find((parameter) => parameter.in === 'path')?.schema),
    query: described.parameters.filter((parameter) => parameter.in === 'query'),
    bodies: schemasOf(described.requestBody?.content),
    answers: Object.fromEntries(
      Object.entries(described.responses).map(([status, { content }]) => [
        status,
        Object.values(schemasOf(content))[0] ?? null,
      ]),
    ),
  };
}

function kindOf(schema: JsonSchema | undefined): IdKind | null {
  if (schema === undefined) return null;
  const kinds = Object.keys(ID_PREFIXES) as IdKind[];
  const kind = kinds.find((name) => schema['pattern'] === `^${ID_PREFIXES[name]}_`);
  if (kind === undefined) throw new Error('an id in a path names no kind that there is');
  return kind;
}

function schemasOf(content: Content | undefined): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(content ?? {}).map(([type, { schema }]) => [type, schema]));
}
