/**
 * The URL with our settings behind its own: the driver lets `options` of a URL take the place of those beside it, and
 * without a role the service would act as the owner of its tables. Of two settings of a name the later one counts.
 */
export function withSettings(databaseUrl: string, settings: readonly string[]): string {
  const url = new URL(databaseUrl);
  const own = url.searchParams.get('options') ?? '';
  const options = [own, ...settings.map((setting) => `-c ${setting}`)].join(' ').trim();
  url.searchParams.set('options', options);
  return url.href;
}
