/** What a page reads of the API: a route, and its query without what is not asked for. */
export interface ApiRead {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
}

/**
 * The same read from a shell. The key is a variable of whoever runs it: the page itself knows none. What stands between
 * the quotes is percent-encoded, so that no text of a filter ends them.
 */
export function curlOf({ path, query = {} }: ApiRead, origin: string): string {
  const asked = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  const url = new URL(path, origin);
  url.search = asked.toString();
  return `curl -s '${url.href.replaceAll("'", '%27')}' \\\n  -H "Authorization: Bearer $WAVEKEEPER_API_KEY"`;
}
