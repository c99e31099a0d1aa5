import { Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { answerInputSchema, type AnswerInput } from '#contracts';
import { parseInput } from '../edge/input.js';
import { ApiProblem } from '../edge/problem.js';
import { readBody } from '../edge/read-body.js';
import { Route } from '../edge/route.js';
import { toProblem } from '../edge/to-problem.js';
import { ANSWER_PAGE_POLICY, messagePage, questionPage } from './answer-page.js';
import { AnswerLinks } from './answer-links.js';

const FORM = 'application/x-www-form-urlencoded';
/** Two fields of their greatest length, each character percent-encoded. */
const FORM_BYTES_MAX = 128 * 1_024;

interface Page {
  readonly status: number;
  readonly html: string;
}

/** Pages for people, not for programs: no part of the OpenAPI document. Opening one changes nothing. */
@Controller('answer')
export class AnswerPagesController {
  constructor(@Inject(AnswerLinks) private readonly links: AnswerLinks) {}

  @Get(':token')
  @Route({ summary: 'The question that a link is for', access: 'public', answer: null })
  async showQuestion(@Req() request: Request, @Res() response: Response, @Param('token') token: string) {
    await sendPage(response, async () => {
      const question = await this.links.read(request, token);
      return question === null
        ? {
            status: 410,
            html: messagePage('This is settled', 'The question has an answer, or is not asked any more.'),
          }
        : { status: 200, html: questionPage(question) };
    });
  }

  @Post(':token')
  @Route({ summary: 'The answer that a person gives there', access: 'public', answer: null })
  async takeAnswer(@Req() request: Request, @Res() response: Response, @Param('token') token: string) {
    await sendPage(response, async () => {
      await this.links.answer(request, token, () => readAnswer(request));
      return {
        status: 200,
        html: messagePage('Thank you', 'Your answer has been recorded. You can close this page.'),
      };
    });
  }
}

/** What a person can do something about is told on a page; the rest is for the log. */
async function sendPage(response: Response, make: () => Promise<Page>): Promise<void> {
  const { status, html } = await make().catch((error: unknown) => {
    const problem = toProblem(error);
    if (problem.status >= 500) throw error;
    const { retryAfterSeconds } = problem.details;
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
    return { status: problem.status, html: messagePage('That did not work', problem.message) };
  });
  response.setHeader('Content-Security-Policy', ANSWER_PAGE_POLICY);
  response.setHeader('Cache-Control', 'no-store');
  response.status(status).type('html').send(html);
}

/** The fields of the form; 415 when it is none, 422 when they are no answer. */
async function readAnswer(request: Request): Promise<AnswerInput> {
  if (!request.is(FORM))
    throw new ApiProblem(415, 'unsupported_media_type', 'Please use the form of the page.');
  const fields = new URLSearchParams((await readBody(request, FORM_BYTES_MAX)).toString('utf8'));
  const comment = textOf(fields, 'comment').trim();
  const value = textOf(fields, 'value');
  return parseInput(answerInputSchema, { value, comment: comment === '' ? null : comment });
}

/** Browsers end lines with CR LF. */
function textOf(fields: URLSearchParams, name: string): string {
  return (fields.get(name) ?? '').replaceAll('\r\n', '\n');
}
