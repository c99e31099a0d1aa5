export { createLogger, silentLogger, type Logger } from './logger.js';
export { scrub } from './scrub.js';
export { CRASH_POINTS, armCrashPoint, crashPoint, type CrashPoint } from './crash-point.js';
export { count, measure, observe, type Reading } from './measurements.js';
export { inSpan } from './span.js';
export { startTelemetry, type AnswerScrape, type Telemetry } from './start-telemetry.js';
