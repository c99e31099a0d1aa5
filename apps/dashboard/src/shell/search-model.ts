/** Where an id leads, by its prefix; undefined for what has no page. */
export function pageOfId(text: string): { readonly to: string; readonly what: string } | undefined {
  const id = text.trim();
  const [prefix = ''] = id.split('_');
  const page = PAGES[prefix];
  return page !== undefined && /^[a-z]{3}_[0-9a-z]{26}$/.test(id)
    ? { to: page.path === '' ? '/inbox' : `${page.path}/${id}`, what: page.what }
    : undefined;
}

const PAGES: Readonly<Record<string, { readonly path: string; readonly what: string }>> = {
  msn: { path: '/missions', what: 'mission' },
  tsk: { path: '/tasks', what: 'task' },
  wav: { path: '/waves', what: 'wave' },
  inp: { path: '', what: 'question' },
};

/** Missions whose title has all the words, in the order they came. */
export function matching<Titled extends { readonly title: string }>(
  titled: readonly Titled[],
  text: string,
): Titled[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return titled.filter(({ title }) => wanted.every((word) => title.toLowerCase().includes(word)));
}
