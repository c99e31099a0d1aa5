import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import request from 'supertest';
import { startBrowser } from '../support/browser.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startService, type TestService } from '../support/service.js';

/** What would do something if any text were taken for markup. */
const MARKUP = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

/** Its conductors decide nothing. */
const OTHER_MODEL = 'claude-opus-5-5';
/** A page that is longer than this by the keyboard is none to work with. */
const TABS_MAX = 80;
const FOCUSED_NAME = 'document.activeElement.ariaLabel ?? document.activeElement.textContent';

let database: TestDatabase;
let service: TestService;
let receiver: Receiver;
let browser: Browser;
/** Requests of any page to anything but this service. */
const foreign: string[] = [];
/** How often a browser has opened the stream of hints. */
const streamsOf = new Map<BrowserContext, number>();

beforeAll(async () => {
  database = await createTestDatabase();
  [service, receiver, browser] = await Promise.all([
    startService(database, { queue: 'none', script: { conductors: { [OTHER_MODEL]: 'never_progress' } } }),
    startReceiver(),
    startBrowser(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await service.stop();
  await receiver.close();
  await database.drop();
});

const asTenant = () => ({ Authorization: `Bearer ${service.apiKey}` });
const post = async (path: string, body: object = {}) =>
  (await request(service.url).post(path).set(asTenant()).send(body)).body;
const get = async (path: string) => (await request(service.url).get(path).set(asTenant())).body;

async function aContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  context.on('request', (sent) => {
    if (!sent.url().startsWith(service.url)) foreign.push(sent.url());
    if (sent.url().endsWith('/v1/events/stream')) streamsOf.set(context, (streamsOf.get(context) ?? 0) + 1);
  });
  return context;
}

async function signIn(page: Page, key = service.apiKey): Promise<void> {
  await page.fill('#key', key);
  await page.press('#key', 'Enter');
}

async function signedIn(options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await aContext(options)).newPage();
  await page.goto(`${service.url}/sign-in`);
  await signIn(page);
  await heading(page, 'Missions');
  return page;
}

/** Goes to a screen and waits until what it reads has come. */
async function open(page: Page, address: string): Promise<void> {
  await page.goto(`${service.url}${address}`);
  await page.locator('h1').waitFor();
  await page.locator('[aria-label^="Reading "]').first().waitFor({ state: 'detached' });
}

const heading = (page: Page, text: string) => page.locator('h1', { hasText: text }).waitFor();
const region = (page: Page, name: string) => page.locator(`section[aria-label="${name}"]`);
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

describe('signing in', () => {
  it('lets nobody in without a good key, and leaves nothing that a script can read', async () => {
    const page = await (await aContext()).newPage();
    await page.goto(`${service.url}/tasks?state=failed`);
    await signIn(page, 'wk_local_nonsense');
    await page.locator('[role=alert]', { hasText: 'not valid' }).waitFor();
    await signIn(page);
    await heading(page, 'Tasks');
    expect(page.url()).toBe(`${service.url}/tasks?state=failed`);
    const readable = await page.evaluate(
      'document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })',
    );
    expect(readable).not.toContain('wk');
    await page.reload();
    await heading(page, 'Tasks');
    await page.click('[aria-label="Sign out"]');
    await page.waitForSelector('#key');
    await page.goto(`${service.url}/`);
    await page.waitForSelector('#key');
    await page.context().close();
  });

  it('works once with a link, which leaves no trace of itself', async () => {
    const { path } = await post('/v1/sign-in-links');
    const page = await (await aContext()).newPage();
    await page.goto(`${service.url}${String(path)}`);
    await heading(page, 'Missions');
    expect(page.url()).toBe(`${service.url}/`);
    const other = await (await aContext()).newPage();
    await other.goto(`${service.url}${String(path)}`);
    await other.locator('[role=alert]', { hasText: 'was used' }).waitFor();
    await Promise.all([page.context().close(), other.context().close()]);
  });
});

describe('a day with a mission', () => {
  let page: Page;
  let missionId: string;
  beforeAll(async () => {
    await post('/v1/webhook-endpoints', { url: receiver.url, event_types: ['task.completed', 'mission.*'] });
    page = await signedIn();
  });
  afterAll(() => page.context().close());

  it('begins empty, and says how to begin', async () => {
    await page.locator('text=Three ways to submit a first task').waitFor();
    await button(page, 'New mission').click();
    await page.getByLabel('Title').fill(`Harbour ${MARKUP}`);
    await page.getByLabel('Directives').fill(`Never sink. ${MARKUP}`);
    await button(page, 'Create').click();
    await heading(page, `Harbour ${MARKUP}`);
    missionId = page.url().split('/').at(-1) ?? '';
  });

  it('takes tasks and messages, and shows the waves as they come', async () => {
    await button(page, 'Pause').click();
    await page.locator('text=Paused: no wave starts').waitFor();
    await region(page, 'Messages').locator('text=Nothing has been said').waitFor();
    await button(page, 'Submit tasks').click();
    await page.getByLabel('Titles').fill(`Dig ${MARKUP}\nPaint`);
    await button(page, 'Submit 2').click();
    await region(page, 'Newest tasks').locator('text=Paint').waitFor();
    await button(page, 'Message').click();
    await page.getByRole('textbox', { name: 'Message' }).fill('Ask T2: Which colour? [red|green]');
    await page.keyboard.press('Control+Enter');
    await region(page, 'Messages').locator('text=Not seen yet').waitFor();
    await button(page, 'Resume').click();
    await region(page, 'Waves').locator('a[href^="/waves/"]').first().waitFor();
    await region(page, 'Waiting for you').locator('text=Which colour?').waitFor();
    await page.locator('[role=img][aria-label^="Over "]').waitFor();
  });

  it('gives a receipt for a message: which wave saw it, and what that wave decided', async () => {
    const said = region(page, 'Messages').locator('li', { hasText: 'Ask T2: Which colour?' });
    const receipt = said.locator('a', { hasText: 'The wave that saw it' });
    await receipt.waitFor();
    expect(await said.textContent()).toContain('decided: ask human · Q1');
    const [message] = (await get(`/v1/missions/${missionId}/messages?order=desc`)).data;
    expect(await receipt.getAttribute('href')).toBe(`/waves/${String(message.seen_by_wave)}`);
  });

  it('takes directives, lets a person accept what was proposed, and retires them, by the keyboard', async () => {
    const directives = region(page, 'Directives');
    await directives.locator('li', { hasText: `Never sink. ${MARKUP}` }).waitFor();
    await button(page, 'Add directive').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Directive' }).fill('Sing while at work.');
    await page.keyboard.down('Control');
    for (let repeats = 0; repeats < 5; repeats += 1) await page.keyboard.down('Enter'); // held: it is added once
    await page.keyboard.up('Enter');
    await page.keyboard.up('Control');
    await button(page, 'Retire D2').waitFor();

    await database.owner.query(`UPDATE directive SET state = 'proposed' WHERE number = 2`); // as a conductor does
    await open(page, `/missions/${missionId}`);
    await button(page, 'Accept D2').press('Enter');
    await button(page, 'Retire D2').press('Enter');
    await button(page, 'Retire it').press('Enter');
    await button(page, 'Show 1 that no longer hold').press('Enter');
    await directives.locator('li', { hasText: 'Sing while at work.' }).locator('text=retired').waitFor();
    const { data } = await get(`/v1/missions/${missionId}/directives`);
    expect(data.map(({ state }: { state: string }) => state)).toEqual(['accepted', 'retired']);
  });

  it('says what a rotation keeps, drops and comes to, and does it', async () => {
    await eventually(
      'the other task is done',
      async () => (await get(`/v1/missions/${missionId}`)).counts.completed === 1,
    );
    await button(page, 'Archive conductor and start fresh').click();
    await page.locator('text=First request after').waitFor();
    await page.locator('text=1 directive, word for word').waitFor();
    await page.getByLabel('Reason').fill(`a new plan ${MARKUP}`);
    await button(page, 'Archive and start fresh').click();
    await region(page, 'What happens').locator('text=conductor rotated').waitFor();
  });

  it('asks, and is answered with the keyboard alone', async () => {
    await open(page, '/inbox');
    await page.locator('text=Which colour?').waitFor();
    await eventually('the tab says so', async () => (await page.title()) === '(1) Inbox · Wavekeeper');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: service.url });
    await button(page, 'Copy a link to answer it').click();
    await page.locator('[role=status]', { hasText: 'Copied. Whoever has it can answer, once' }).waitFor();
    const link = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(link.startsWith(`${service.url}/answer/wkq_`)).toBe(true);
    expect((await request(link).get('')).text).toContain('Which colour?');
    expect(await violationsInBoth(page, 'a link that was copied')).toEqual([]);
    await page.locator('h1').click();
    await page.keyboard.press('j');
    for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press('Tab'); // its links, its first option
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Control+Enter');
    await page.locator('text=Nobody waits for you').waitFor();
    await eventually(
      'the mission is completed',
      async () => (await get(`/v1/missions/${missionId}`)).state === 'completed',
    );
    const { data } = await get('/v1/input-requests?state=answered');
    expect(data[0].answer.value).toBe('green');
  });

  it('tells others, and shows what they answered', async () => {
    await open(page, '/webhooks');
    await region(page, 'Deliveries').locator('text=mission.completed').waitFor();
    await region(page, 'Deliveries').locator('.wk-state', { hasText: 'delivered' }).first().waitFor();
    await button(page, 'Test').click();
    await region(page, 'Deliveries').locator('text=endpoint.test').waitFor();
    await eventually('it has arrived', async () =>
      receiver.arrivals.some(({ body }) => body.includes('endpoint.test')),
    );
  });

  it('sends a delivery again under its id, and takes up again what was given up', async () => {
    const arrivalsOf = (type: string) =>
      receiver.arrivals.filter(({ body }) => body.includes(type)).map(({ headers }) => headers['webhook-id']);
    const row = (type: string) => region(page, 'Deliveries').locator('tr', { hasText: type });
    await row('endpoint.test').getByRole('button', { name: 'Redeliver' }).click();
    await eventually('it arrives again', async () => arrivalsOf('endpoint.test').length === 2);
    expect(new Set(arrivalsOf('endpoint.test')).size).toBe(1);

    const before = arrivalsOf('mission.completed').length;
    await database.owner.query(
      `UPDATE webhook_delivery SET state = 'dead', next_try_at = NULL
        WHERE event_id IN (SELECT id FROM event WHERE type = 'mission.completed')`,
    );
    await open(page, '/webhooks?state=dead');
    await row('mission.completed').first().waitFor();
    await page.getByRole('button', { name: 'More actions for' }).click();
    await page.getByRole('menuitem', { name: 'Recover the last day' }).click();
    await page.locator('text=1 delivery taken up again.').waitFor();
    await eventually('it arrives', async () => arrivalsOf('mission.completed').length === before + 1);
  });

  it('shows what a wave saw section by section, what it decided, and that its bytes can be made again', async () => {
    const { data } = await get(`/v1/missions/${missionId}/waves`);
    const wave = data.find(({ decisions }: { decisions: { tool: string }[] }) =>
      decisions.some(({ tool }) => tool === 'task_review'),
    );
    await open(page, `/waves/${String(wave.id)}`);
    expect(await page.locator('tbody button[aria-expanded]').allTextContents()).toEqual([
      'Z0 Tools',
      'Z1 Role and protocol',
      'Z2 Mission charter',
      'Z3 Directives',
      'Z4 Finished work',
      'Z5 Registers',
      'Z6 Board',
      'Z7 Inbox page',
      'Z8 This wave',
    ]);
    await page.locator('button', { hasText: 'Z3 Directives' }).click();
    await page.locator('pre', { hasText: `Never sink. ${MARKUP}` }).waitFor();
    expect(page.url()).toContain('section=Z3');
    await region(page, 'What it decided').locator('text=task review').first().waitFor();
    await button(page, 'Rebuild now').click();
    await page.locator('text=The ledger makes the same bytes again').waitFor();
    await page.getByRole('tab', { name: 'Since the wave before' }).click();
    await page.locator('text=byte for byte').waitFor();
  });

  it('asks a wave’s question again with the keyboard alone, and shows what another model decides otherwise', async () => {
    await page.route('**/shadow', async (route) => {
      await page.locator('text=Asking; at most three minutes').waitFor();
      await page.keyboard.press('Escape'); // closes nothing now: the answer is paid for
      await route.continue();
    });
    await button(page, 'Run again as a shadow').focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Model').and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type(OTHER_MODEL);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const comparison = region(page, 'Comparison');
    await comparison
      .locator('li', { hasText: 'task review · T' })
      .first()
      .getByText('only the wave')
      .waitFor();
    await comparison.locator('td', { hasText: OTHER_MODEL }).waitFor();
    expect(await violationsInBoth(page, 'a shadow')).toEqual([]);
    await page.unroute('**/shadow');
    await button(page, 'Close').click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('leads whoever is no longer signed in to where one signs in, also from a dialog that tells of its errors itself', async () => {
    const address = page.url();
    await page.route('**/shadow', (route) => route.fulfill({ status: 401, json: {} }));
    await button(page, 'Run again as a shadow').click();
    await button(page, 'Ask again').click();
    await heading(page, 'Sign in');
    await page.unroute('**/shadow');
    await signIn(page, 'wk_wrong');
    await page.getByRole('alert').waitFor();
    await signIn(page);
    await button(page, 'Run again as a shadow').waitFor();
    expect(page.url()).toBe(address);
  });

  it('is found by title, ref or id with the keyboard', async () => {
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('A title, a ref').fill('T2');
    await page.locator('[data-selected]', { hasText: 'T2 Paint' }).waitFor();
    await page.keyboard.press('Enter');
    await heading(page, 'T2 Paint');
    await region(page, 'History').locator('text=task completed').waitFor();
    await region(page, 'Attempts').locator('text=succeeded').waitFor();
  });

  it('keeps what is looked at in the address', async () => {
    await open(page, '/tasks');
    await page.getByPlaceholder('Words, T12').fill('Dig');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/tasks?q=Dig');
    await open(page, '/tasks?q=Dig');
    await page.locator('td', { hasText: 'Dig' }).waitFor();
    expect(await page.locator('td', { hasText: 'Paint' }).count()).toBe(0);
  });

  it('keeps what was looked at under a name, in this browser', async () => {
    await button(page, 'Views').press('Enter');
    await page.getByRole('menuitem', { name: 'Save what is shown…' }).click();
    await page.getByLabel('Name').fill('Digging');
    await page.keyboard.press('Enter');
    await button(page, 'View: Digging').waitFor();
    await open(page, '/tasks');
    await button(page, 'Views').press('Enter');
    await page.getByRole('menuitem', { name: 'Digging' }).click();
    await page.waitForURL('**/tasks?q=Dig');
    await button(page, 'View: Digging').click();
    await page.getByRole('menuitem', { name: 'Remove Digging' }).click();
    await button(page, 'Views').waitFor();
  });

  it('keeps views of one tenant from the next that signs in there', async () => {
    const shared = await signedIn();
    await open(shared, '/tasks?q=Secret');
    await button(shared, 'Views').press('Enter');
    await shared.getByRole('menuitem', { name: 'Save what is shown…' }).click();
    await shared.getByLabel('Name').fill('Mine');
    await shared.keyboard.press('Enter');
    await button(shared, 'View: Mine').waitFor();
    const views = async (key: string) => {
      await shared.click('[aria-label="Sign out"]');
      await shared.waitForSelector('#key');
      await signIn(shared, key);
      await shared.waitForSelector('[aria-label="Sign out"]');
      await open(shared, '/tasks');
      await button(shared, 'Views').press('Enter');
      return shared.getByRole('menuitem').allTextContents();
    };
    expect(await views(await service.anotherKey())).toEqual(['All tasks', 'Save what is shown…']);
    expect(await views(service.apiKey)).toEqual(['All tasks', 'Mine', 'Save what is shown…']);
    await shared.context().close();
  });

  it('is copied as a command, which reads the same and holds no key', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: service.url });
    await button(page, 'Copy as curl').press('Enter');
    await button(page, 'Copied as curl').waitFor();
    const command = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(command).toContain('-H "Authorization: Bearer $WAVEKEEPER_API_KEY"');
    expect(command).not.toContain(service.apiKey);
    const address = command.split("'")[1] ?? '';
    expect(address).toBe(`${service.url}/v1/tasks?limit=50&q=Dig`);
    expect((await get(address.slice(service.url.length))).data).toMatchObject([{ ref: 'T1' }]);
  });

  it.each([
    ['a mission', () => `/missions/${missionId}`, ['Copy as curl', 'Add directive', 'Retire D1']],
    ['the tasks', () => '/tasks', ['Copy as curl', 'Views', 'Choose T1']],
  ])('can be worked with the keyboard alone: %s', async (_, address, names) => {
    await open(page, address());
    const reached = new Set<string>();
    for (let presses = 0; presses < TABS_MAX && !names.every((name) => reached.has(name)); presses += 1) {
      await page.keyboard.press('Tab');
      reached.add(String(await page.evaluate(FOCUSED_NAME)));
    }
    expect([...reached]).toEqual(expect.arrayContaining(names));
  });

  it('shows whatever anybody wrote as text', async () => {
    const hostile = ['/', `/missions/${missionId}`, '/tasks', '/inbox?state=answered', '/settings?tab=audit'];
    for (const address of hostile) {
      await open(page, address);
      expect(await page.locator('img[src=x], main script').count()).toBe(0);
      expect(await page.title()).toContain('Wavekeeper');
    }
  });

  it('is nothing that another tenant can see', async () => {
    const stranger = await (await aContext()).newPage();
    await stranger.goto(`${service.url}/missions/${missionId}`);
    await signIn(stranger, await service.anotherKey());
    await stranger.locator('[role=alert]', { hasText: 'no such thing' }).waitFor();
    expect(await stranger.locator('main').textContent()).not.toContain('Harbour');
    await stranger.context().close();
  });
});

describe('two tabs', () => {
  it('share one stream; when the one that holds it is closed, the other goes on', async () => {
    const first = await signedIn();
    const context = first.context();
    const streams = () => streamsOf.get(context) ?? 0;
    await eventually('the first listens', async () => streams() === 1);
    const second = await context.newPage();
    await open(second, '/');
    const { id } = await post('/v1/missions', { title: 'Seen at once' });
    await Promise.all([first, second].map((page) => page.locator('text=Seen at once').waitFor()));
    expect(streams()).toBe(1);
    await first.close();
    await eventually('the other listens', async () => streams() === 2);
    const path = `/v1/missions/${String(id)}`;
    await request(service.url).patch(path).set(asTenant()).send({ title: 'Seen alone' });
    await second.locator('text=Seen alone').waitFor();
    await context.close();
  });
});

describe('every screen', () => {
  let addresses: { readonly work: string[]; readonly rest: string[] };
  beforeAll(async () => {
    const { data: missions } = await get('/v1/missions');
    const { id } = missions.find(({ waves }: { waves: number }) => waves > 0);
    const [wave] = (await get(`/v1/missions/${String(id)}/waves`)).data;
    const [task] = (await get(`/v1/tasks?mission_id=${String(id)}`)).data;
    await post(`/v1/missions/${String(missions[0].id)}/tasks`, { title: 'Choose' });
    await post(`/v1/missions/${String(missions[0].id)}/messages`, { text: 'Ask T1: Which? [a|b]' });
    await eventually('somebody asks', async () => (await get('/v1/input-requests?state=open')).data[0]);
    const work = [
      '/',
      `/missions/${String(id)}`,
      `/waves/${String(wave.id)}?section=Z7`,
      `/waves/${String(wave.id)}?tab=diff`,
      '/tasks',
      `/tasks/${String(task.id)}`,
    ];
    const settings = ['usage', 'budget', 'keys', 'audit'].map((tab) => `/settings?tab=${tab}`);
    addresses = { work, rest: ['/inbox', '/webhooks', ...settings] };
  });

  it('is accessible before anybody has signed in', async () => {
    const page = await (await aContext({ colorScheme: 'light' })).newPage();
    await page.goto(`${service.url}/sign-in`);
    await heading(page, 'Sign in');
    expect(await violationsInBoth(page, '/sign-in')).toEqual([]);
    await page.context().close();
  });

  it.each(['work', 'rest'] as const)(
    'is accessible in light and in dark (WCAG 2.2 AA): %s',
    async (which) => {
      const page = await signedIn({ colorScheme: 'light' });
      const found: string[] = [];
      for (const address of addresses[which]) {
        await open(page, address);
        found.push(...(await violationsInBoth(page, address)));
      }
      expect(found).toEqual([]);
      await page.context().close();
    },
  );

  it('has asked nobody but this service', () => {
    expect(foreign).toEqual([]);
  });
});

const RULES = {
  light: { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] },
  // What is on the page is the same in dark; what differs is colour.
  dark: { runOnly: { type: 'rule' as const, values: ['color-contrast', 'link-in-text-block'] } },
};

/** Looks at the same page in the colours of both schemes, and leaves it light. */
async function violationsInBoth(page: Page, place: string): Promise<string[]> {
  const found: string[] = [];
  for (const scheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.locator(`html[data-mantine-color-scheme=${scheme}]`).waitFor();
    const { violations } = await new AxeBuilder({ page })
      .setLegacyMode(true) // there are no frames, for which it would open a page each time
      .options({ ...RULES[scheme], resultTypes: ['violations'] }) // what passes is not to be described
      .analyze();
    found.push(
      ...violations.map(
        ({ id, nodes }) => `${place} in ${scheme}, ${id}: ${nodes.map(({ html }) => html)[0] ?? ''}`,
      ),
    );
  }
  return found;
}
