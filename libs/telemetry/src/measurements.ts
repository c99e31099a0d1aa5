import { metrics, type Attributes } from '@opentelemetry/api';

interface Measurement {
  /** UCUM, as OpenTelemetry writes units. */
  readonly unit: string;
  readonly meaning: string;
  readonly boundaries?: readonly number[];
}

const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const TOKENS = [500, 1_000, 2_000, 4_000, 8_000, 12_000, 16_000, 20_000, 24_000, 32_000, 48_000, 64_000];

/** What is measured as it happens, each with how it spreads. No attribute names a tenant, nor carries a text of one. */
export const HISTOGRAMS = {
  'wavekeeper.wave.context_tokens': {
    unit: '{token}',
    meaning: 'the largest request of a committed wave',
    boundaries: TOKENS,
  },
  'wavekeeper.wave.context_share': {
    unit: '1',
    meaning: 'the same as a share of the wave’s budget: soft at 0.7, hard at 0.9, never above 1',
    boundaries: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  },
  'wavekeeper.context.section_tokens': {
    unit: '{token}',
    meaning: 'a section of a wave’s first request, by `section` (Z0 to Z8)',
    boundaries: [100, 250, 500, 1_000, 1_500, 2_000, 3_000, 4_000, 8_000],
  },
  'wavekeeper.wave.duration': {
    unit: 's',
    meaning: 'a wave from opening to its end, by `outcome` (committed, aborted, fenced_off)',
    boundaries: SECONDS,
  },
  'wavekeeper.webhook.duration': {
    unit: 's',
    meaning: 'one try of a webhook, by `outcome` (delivered, pending, dead, unchanged)',
    boundaries: SECONDS,
  },
  'gen_ai.client.operation.duration': {
    unit: 's',
    meaning:
      'one model request, by `gen_ai.request.model` (`other`: one that the catalogue does not know), `wavekeeper.role` and, when it failed, `error.type`',
    boundaries: SECONDS,
  },
  'gen_ai.client.token.usage': {
    unit: '{token}',
    meaning:
      'tokens of one model request, by `gen_ai.request.model`, `wavekeeper.role` and `gen_ai.token.type` (input, cache_write, cache_read, output)',
    boundaries: TOKENS,
  },
  'http.server.request.duration': {
    unit: 's',
    meaning:
      'a request of the API, by `http.request.method`, `http.route` and `http.response.status_code`; live streams are left out',
    boundaries: SECONDS,
  },
} as const satisfies Record<string, Measurement>;

/** What is only counted. */
export const COUNTERS = {
  'wavekeeper.context.budget_overruns': {
    unit: '{request}',
    meaning: 'requests that the provider found larger than their budget: stays 0',
  },
  'wavekeeper.model.requests': {
    unit: '{request}',
    meaning: 'model requests by what proved that they fit: `bound` (proved, counted, estimated)',
  },
} as const satisfies Record<string, Measurement>;

/** What is read from the ledger when somebody asks. */
export const GAUGES = {
  'wavekeeper.work.due': {
    unit: '{item}',
    meaning: 'work that is due and that nobody has taken, by `kind` (wave, attempt, delivery, digest)',
  },
  'wavekeeper.wave.lag': {
    unit: 's',
    meaning: 'how long the mission that has waited longest for a wave has been due',
  },
  'wavekeeper.questions.open': { unit: '{question}', meaning: 'questions that wait for a person' },
  'wavekeeper.waves.running': { unit: '{wave}', meaning: 'waves that hold a lease' },
  'wavekeeper.attempts.running': { unit: '{attempt}', meaning: 'attempts that a worker holds' },
} as const satisfies Record<string, Measurement>;

export type Gauge = keyof typeof GAUGES;

export interface Reading {
  readonly gauge: Gauge;
  readonly value: number;
  readonly attributes?: Attributes;
}

/** Without a provider all of this does nothing; it is asked for anew each time, because one may begin later. */
const meter = () => metrics.getMeter('wavekeeper');

export function measure(name: keyof typeof HISTOGRAMS, value: number, attributes: Attributes = {}): void {
  const { unit, meaning, boundaries } = HISTOGRAMS[name];
  const advice = { explicitBucketBoundaries: [...boundaries] };
  meter().createHistogram(name, { unit, description: meaning, advice }).record(value, attributes);
}

export function count(name: keyof typeof COUNTERS, by = 1, attributes: Attributes = {}): void {
  const { unit, meaning } = COUNTERS[name];
  meter().createCounter(name, { unit, description: meaning }).add(by, attributes);
}

/** Reads when somebody looks, at most once in `everyMs`: who looks often sees the same again. */
export function observe(read: () => Promise<readonly Reading[]>, everyMs: number): void {
  const gauges = new Map(
    Object.entries(GAUGES).map(([name, { unit, meaning }]) => [
      name,
      meter().createObservableGauge(name, { unit, description: meaning }),
    ]),
  );
  let readings: Promise<readonly Reading[]> = Promise.resolve([]);
  let readAt = Number.NEGATIVE_INFINITY;
  const look = async (): Promise<readonly Reading[]> => {
    const now = performance.now();
    if (now - readAt >= everyMs) {
      readAt = now;
      readings = read();
    }
    return readings;
  };
  meter().addBatchObservableCallback(
    async (result) => {
      for (const { gauge, value, attributes = {} } of await look()) {
        const instrument = gauges.get(gauge);
        if (instrument !== undefined) result.observe(instrument, value, attributes);
      }
    },
    [...gauges.values()],
  );
}
