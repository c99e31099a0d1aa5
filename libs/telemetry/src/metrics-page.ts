import { COUNTERS, GAUGES, HISTOGRAMS } from './measurements.js';

/** The reference page of what is measured, in Markdown, made from the tables that it is measured by. */
export function metricsPage(): string {
  const kinds = { histogram: HISTOGRAMS, counter: COUNTERS, gauge: GAUGES };
  const rows = Object.entries(kinds).flatMap(([kind, measurements]) =>
    Object.entries(measurements).map(
      ([name, { unit, meaning }]) => `| \`${name}\` | ${kind} | \`${unit}\` | ${meaning} |`,
    ),
  );
  return [
    '# Measurements',
    '',
    'Made by `npm run docs` from `libs/telemetry/src/measurements.ts`.',
    '',
    '```sh',
    'WAVEKEEPER_METRICS=on npm start                                      # then: curl -s http://127.0.0.1:7070/metrics',
    'OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 npm start          # spans to a collector; without the other, measurements too',
    '```',
    '',
    'In the text format of Prometheus the dots of a name are underscores and counters end in `_total`. Nothing names a tenant or carries a text of one; that is why `/metrics` asks for no key. Every process tells of itself; gauges are read from the ledger, at most every five seconds, so that each process says the same: take their maximum, not their sum. Spans are `conduct wave` and, below it, those of the model client.',
    '',
    '| name | kind | unit | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    'Worth an alarm: `wavekeeper_context_budget_overruns_total > 0` (a defect of ours), `wavekeeper_wave_lag` of minutes (nobody takes what is due), a rising `wavekeeper_work_due`, `wavekeeper_questions_open` that nobody answers.',
    '',
  ].join('\n');
}
