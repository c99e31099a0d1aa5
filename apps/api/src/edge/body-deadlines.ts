import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

/** No request's body takes longer, whatever its route allows: 64 MiB at 0.9 Mbit/s. */
export const BODY_MS_MAX = 10 * 60_000;
/** So often in each stretch it is looked at who waits for whom. */
const LOOKS_PER_STRETCH = 10;
export const TIMED_OUT_STATUS = 408;
const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/**
 * Cuts off clients that send their bodies too slowly: Node has one time for all requests of a server, which has to do for
 * the longest. A body arrives within `bodyMs`; one that may be large brings `stretchBytesMin` in every `stretchMs` that we wait for it instead.
 */
@Injectable()
export class BodyDeadlines {
  readonly bodyMs: number = 30_000;
  readonly stretchMs: number = 30_000;
  readonly stretchBytesMin: number = 256 * 1_024;
  private readonly timers = new WeakMap<Request, NodeJS.Timeout>();

  /** For every request, before anybody looks at it. */
  readonly begin = (request: Request, response: Response, next: NextFunction): void => {
    if (hasBody(request)) {
      this.timers.set(request, setTimeout(() => cutOff(request, response), this.bodyMs).unref());
      response.once('close', () => {
        if (request.complete) clearTimeout(this.timers.get(request)); // a body that nobody wanted may be arriving yet
      });
    }
    next();
  };

  /**
   * Lets a body take as long as it keeps arriving, up to `BODY_MS_MAX`. While something that has arrived waits for us, as
   * when the disk is slow, we may have stopped reading: that time is not the client's.
   */
  extend(request: Request, response: Response): void {
    clearTimeout(this.timers.get(request));
    let bytes = request.socket.bytesRead;
    let looks = 0;
    const timer = setInterval(() => {
      if (request.complete || request.socket.destroyed) clearInterval(timer);
      else if (request.readableLength === 0) looks += 1;
      if (looks < LOOKS_PER_STRETCH) return;
      const arrived = request.socket.bytesRead - bytes;
      if (arrived < this.stretchBytesMin) cutOff(request, response);
      bytes += arrived;
      looks = 0;
    }, this.stretchMs / LOOKS_PER_STRETCH);
    this.timers.set(request, timer.unref());
  }
}

function hasBody({ headers }: Request): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/** As Node does it: there is nobody to read more than this. */
function cutOff(request: Request, response: Response): void {
  const { socket } = request;
  if (request.complete || socket.destroyed) return;
  if (!response.headersSent) {
    response.statusCode = TIMED_OUT_STATUS; // to be measured as such
    socket.write(TIMED_OUT);
  }
  socket.destroySoon();
}
