/**
 * The part of a Messages API request that the builder makes: plain JSON, its arrays open to the turns that the wave
 * appends.
 */
export interface ConductorRequest {
  model: string;
  max_tokens: number;
  system: RequestText[];
  tools: RequestTool[];
  messages: [{ role: 'user'; content: RequestText[] }];
}

export interface RequestText {
  type: 'text';
  text: string;
  cache_control?: CacheBreakpoint;
}

export interface RequestTool {
  name: string;
  description: string;
  strict: true;
  input_schema: { type: 'object'; [keyword: string]: unknown };
  cache_control?: CacheBreakpoint;
}

/** The provider may reuse everything up to and including the block that carries it. */
export interface CacheBreakpoint {
  type: 'ephemeral';
  ttl: '5m' | '1h';
}
