import { PromptMeter } from '../../apps/simulator/src/index.js';
import type { CountedUsage, MessagesBody } from '#model';
import { rounded } from './tally.js';

/** Of one section, over many requests: its mean size and how its tokens were charged, by the simulator's count. */
export interface SectionShare {
  readonly tokens: number;
  readonly uncached: number;
  readonly written: number;
  readonly read: number;
}

export const SECTIONS = ['Z0', 'Z1', 'Z2', 'Z3', 'Z4', 'Z5', 'Z6', 'Z7', 'Z8'] as const;
export type Section = (typeof SECTIONS)[number];

/** Splits what requests cost between the sections of their first message. */
export class SectionAccount {
  private readonly sums = new Map<Section, SectionShare>();
  private requests = 0;

  /** Only a wave's first request: later ones carry the wave's own turns as well. */
  add(body: MessagesBody, usage: CountedUsage): void {
    if (body.messages.length > 1) return;
    this.requests += 1;
    let toRead = usage.cacheRead;
    let toWrite = usage.cacheWrite5m + usage.cacheWrite1h;
    for (const [section, tokens] of sectionTokens(body)) {
      const read = Math.min(tokens, toRead);
      const written = Math.min(tokens - read, toWrite);
      toRead -= read;
      toWrite -= written;
      const sum = this.sums.get(section) ?? { tokens: 0, uncached: 0, written: 0, read: 0 };
      this.sums.set(section, {
        tokens: sum.tokens + tokens,
        uncached: sum.uncached + tokens - read - written,
        written: sum.written + written,
        read: sum.read + read,
      });
    }
  }

  means(): Partial<Record<Section, SectionShare>> {
    const mean = (sum: number): number => rounded(sum / Math.max(1, this.requests));
    return Object.fromEntries(
      SECTIONS.flatMap((section) => {
        const sum = this.sums.get(section);
        if (sum === undefined) return [];
        const { tokens, uncached, written, read } = sum;
        return [
          [
            section,
            { tokens: mean(tokens), uncached: mean(uncached), written: mean(written), read: mean(read) },
          ],
        ];
      }),
    );
  }
}

/** In prompt order. Each section but the first, which is all tools together, is one block. */
function sectionTokens(body: MessagesBody): [Section, number][] {
  const pieces = PromptMeter.pieces(body);
  const tools = body.tools?.length ?? 0;
  const toolTokens = pieces.slice(0, tools).reduce((sum, tokens) => sum + tokens, 0);
  return [
    ['Z0', toolTokens],
    ...textsOf(body).map(({ section }, index): [Section, number] => [section, pieces[tools + index] ?? 0]),
  ];
}

/** The text of each section of a conductor's request. */
export function textsOf({ system, messages }: MessagesBody): { section: Section; text: string }[] {
  const [first] = messages;
  const blocks = [system ?? [], first?.content ?? []].flatMap((content) =>
    typeof content === 'string' ? [] : content,
  );
  return blocks.flatMap((block) => {
    const text = block.type === 'text' ? block.text : '';
    const section = SECTIONS.find((name) => text.startsWith(`# ${name} `));
    return section === undefined ? [] : [{ section, text }];
  });
}
