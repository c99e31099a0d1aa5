import { SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api';

/** Does `work` inside a span, whose children are the spans that begin in it. Without a collector this is only `work`. */
export function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return trace.getTracer('wavekeeper').startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
