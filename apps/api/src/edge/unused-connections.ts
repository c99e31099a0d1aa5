import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';

/**
 * A server that closes lets go of connections that wait for their next request, but waits for one on which nothing was
 * ever asked: clients open some ahead, and would keep the process from ending.
 */
@Injectable()
export class UnusedConnections implements BeforeApplicationShutdown {
  private readonly open = new Set<Socket>();

  watch(server: Server): void {
    server.on('connection', (socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
    });
  }

  beforeApplicationShutdown(): void {
    for (const socket of this.open) if (socket.bytesRead === 0) socket.destroy();
  }
}
