import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Route } from '../edge/route.js';
import { OpenApi, type OpenApiDocument } from './openapi.js';

@Controller('openapi.json')
export class OpenApiController {
  constructor(@Inject(OpenApi) private readonly openApi: OpenApi) {}

  @Get()
  @Route({ summary: 'This document', access: 'public', answer: z.record(z.string(), z.unknown()) })
  readOpenApi(): OpenApiDocument {
    return this.openApi.document();
  }
}
