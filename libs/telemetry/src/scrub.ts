/**
 * What a secret looks like in text: our keys and tokens, webhook secrets, model keys, bearer headers, passwords in addresses. None
 * asks for a word boundary before it: in JSON a line break is the letter n after a backslash.
 */
const SECRETS: readonly [RegExp, string][] = [
  [/wk_[a-z]+_[0-9A-Za-z]{20,}/g, 'wk_…'],
  [/(wk[alqs]_)[0-9A-Za-z_-]{20,}/g, '$1…'],
  [/whsec_[0-9A-Za-z+/=]{8,}/g, 'whsec_…'],
  [/sk-ant-[0-9A-Za-z_-]{8,}/g, 'sk-ant-…'],
  [/(Bearer +)[^\s"\\]+/gi, '$1…'],
  [/(:\/\/[^:/\s"@]*):[^\s"/]+@/g, '$1:…@'],
];

/** The second layer behind allow-listed fields: a serialised line leaves without anything that looks like a secret. */
export function scrub(line: string): string {
  return SECRETS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);
}
