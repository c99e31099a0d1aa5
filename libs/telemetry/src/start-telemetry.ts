import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import type { Logger } from './logger.js';

/** What was measured last may take so long to reach its collector when the process ends. */
const FLUSH_MS_MAX = 3_000;

export interface TelemetryOptions {
  /** Whether measurements are kept to be scraped. */
  readonly metrics: boolean;
  /** Whether measurements and spans are sent to an OpenTelemetry collector, which `OTEL_*` describes. */
  readonly collector: boolean;
  /** Where a process without an API answers who scrapes it; null where the API does. */
  readonly listenAt: { readonly host: string; readonly port: number } | null;
  readonly logger: Logger;
}

/** Answers a scrape in the text format of Prometheus. */
export type AnswerScrape = (request: IncomingMessage, response: ServerResponse) => void;

export interface Telemetry {
  /** Null when nothing is kept to be scraped. */
  readonly answerScrape: AnswerScrape | null;
  stop(): Promise<void>;
}

/** Starts what was asked for; the libraries are read only then. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  if (!options.metrics && !options.collector) return { answerScrape: null, stop: () => Promise.resolve() };
  const { NodeSDK, resources } = await import('@opentelemetry/sdk-node');
  const scraped = options.metrics ? await openScraping(options) : null;
  const sdk = new NodeSDK({
    serviceName: 'wavekeeper',
    // Not of the process: its command line and its paths are nobody's business.
    resourceDetectors: [resources.envDetector, resources.hostDetector],
    // Log lines go where they always go, and spans nowhere unless somebody said where.
    logRecordProcessors: [],
    ...(options.collector ? {} : { spanProcessors: [] }),
    ...(scraped === null ? {} : { metricReaders: [scraped] }),
  });
  sdk.start();
  return {
    answerScrape:
      scraped === null
        ? null
        : (request, response) => {
            scraped.getMetricsRequestHandler(request, response);
          },
    stop: async () => {
      await bounded(sdk.shutdown());
      for (const api of [metrics, trace, propagation, context]) api.disable();
    },
  };
}

async function openScraping({ listenAt, logger }: TelemetryOptions) {
  const { PrometheusExporter } = await import('@opentelemetry/exporter-prometheus');
  const exporter = new PrometheusExporter({
    ...listenAt,
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  if (listenAt !== null)
    await exporter.startServer().catch((error: unknown) => {
      logger.warn(
        { err: error, port: listenAt.port },
        'measurements are not served: give this process a PORT of its own',
      );
    });
  return exporter;
}

/** A collector that is away keeps no process from ending. */
async function bounded(flushed: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FLUSH_MS_MAX);
  });
  await Promise.race([flushed.catch(() => undefined), late]).finally(() => {
    clearTimeout(timer);
  });
}
