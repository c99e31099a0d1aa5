export { createLogger, silentLogger, type Logger } from './logger.js';
export { scrub } from './scrub.js';
export { CRASH_POINTS, armCrashPoint, crashPoint, type CrashPoint } from './crash-point.js';
