import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Transactions } from '#database';
import { Route } from '../edge/route.js';

const statusSchema = z.object({ status: z.string() }).meta({ id: 'Status' });

@Controller()
export class HealthController {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @Get('healthz')
  @Route({ summary: 'Whether the process is up', access: 'public', answer: statusSchema })
  readHealth() {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Route({
    summary: 'Whether requests can be served: the database answers',
    access: 'public',
    answer: statusSchema,
  })
  async readReadiness() {
    await this.transactions.inSystemTransaction(({ db }) => db.$queryRaw`SELECT 1 AS ready`);
    return { status: 'ready' };
  }
}
