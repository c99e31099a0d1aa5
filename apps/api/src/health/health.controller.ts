import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Transactions } from '#database';
import type { AnswerScrape } from '#telemetry';
import { ANSWER_SCRAPE } from '../dependencies.js';
import { ApiProblem } from '../edge/problem.js';
import { Route } from '../edge/route.js';

const statusSchema = z.object({ status: z.string() }).meta({ id: 'Status' });

@Controller()
export class HealthController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(ANSWER_SCRAPE) private readonly answerScrape: AnswerScrape | null,
  ) {}

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

  @Get('metrics')
  @Route({
    summary: 'What is measured, in the text format of Prometheus; nothing in it names a tenant',
    access: 'public',
    answer: null,
  })
  readMetrics(@Req() request: Request, @Res() response: Response): void {
    if (this.answerScrape === null)
      throw new ApiProblem(404, 'not_found', 'Nothing is measured here: start with WAVEKEEPER_METRICS=on.');
    this.answerScrape(request, response);
  }
}
