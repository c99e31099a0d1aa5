/** The shape of a sparkline: tokens of waves against a ceiling, in a box of `width` by `height`. */
export interface Sparkline {
  readonly line: string;
  readonly area: string;
  /** Where the ceiling is, from the top. */
  readonly ceilingY: number;
}

const MARGIN = 2;

export function sparkline(
  tokens: readonly number[],
  ceiling: number,
  box: { readonly width: number; readonly height: number },
): Sparkline {
  const top = Math.max(ceiling, ...tokens, 1);
  const y = (value: number) => round(MARGIN + (box.height - 2 * MARGIN) * (1 - value / top));
  const step = tokens.length > 1 ? box.width / (tokens.length - 1) : 0;
  const places = tokens.length === 1 ? [tokens[0] ?? 0, tokens[0] ?? 0] : tokens;
  const reach = tokens.length === 1 ? box.width : step;
  const line = places
    .map((value, place) => `${place === 0 ? 'M' : 'L'}${round(place * reach)} ${y(value)}`)
    .join('');
  const area = places.length === 0 ? '' : `${line}L${box.width} ${box.height}L0 ${box.height}Z`;
  return { line, area, ceilingY: y(ceiling) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The commands of the empty state: three ways to submit the first task. `origin` is where this page came from. */
export function firstCommands(origin: string): readonly { readonly title: string; readonly text: string }[] {
  return [
    { title: 'From the command line', text: 'npx wavekeeper task submit "Summarise the changelog"' },
    {
      title: 'Over HTTP',
      text: `curl -s ${origin}/v1/tasks -H "Authorization: Bearer $WAVEKEEPER_API_KEY" \\\n  -H 'Content-Type: application/json' -d '{"title": "Summarise the changelog"}'`,
    },
    {
      title: 'From a coding agent, over MCP',
      text: `claude mcp add --transport http wavekeeper ${origin}/mcp --header "Authorization: Bearer $WAVEKEEPER_API_KEY"`,
    },
  ];
}
