import type { LoggerService } from '@nestjs/common';
import type { Logger } from '#telemetry';

/** Nest's own lines, in our log; what it says while it starts is for debugging. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown): void {
    this.logger.debug(String(message));
  }

  debug(message: unknown): void {
    this.logger.debug(String(message));
  }

  verbose(message: unknown): void {
    this.logger.trace(String(message));
  }

  warn(message: unknown): void {
    this.logger.warn(String(message));
  }

  error(message: unknown): void {
    this.logger.error(message instanceof Error ? { err: message } : {}, String(message));
  }

  fatal(message: unknown): void {
    this.error(message);
  }
}
