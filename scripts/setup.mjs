// Makes this checkout ready to run: installs packages, generates the clients of the database and of the API, compiles, builds the
// dashboard. Runs before `npm start`, `npm test`, `npm run demo`, `npm run bench` and `npm run check`, so it does only what is out of date and is quick
// and silent when nothing is. Says what it does on stderr: stdout belongs to the command that follows.
//
//   node scripts/setup.mjs             what is out of date
//   node scripts/setup.mjs --rebuild   compile in any case
import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fingerprint, listFiles } from './fingerprint.mjs';
import { withLock } from './setup-lock.mjs';

const NODE_MIN = [20, 19];
const FAILURE_LINES_MAX = 60;

process.chdir(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..'));

// Each step vouches for its result with a stamp inside it, which goes away together with it.
const GENERATED_DIR = 'libs/database/src/generated';
const GENERATED_STAMP = `${GENERATED_DIR}/.fingerprint`;
const DESCRIPTION = 'dist/openapi.json';
const DESCRIPTION_STAMP = 'dist/.openapi-fingerprint';
const SDK_CLIENT_DIR = 'libs/sdk/src/generated';
const SDK_CLIENT_STAMP = `${SDK_CLIENT_DIR}/.fingerprint`;
const BUILD_STAMP = 'dist/.fingerprint';
const CLIENT_DIR = 'apps/dashboard/src/api/generated';
const CLIENT_STAMP = `${CLIENT_DIR}/.fingerprint`;
const DASHBOARD_STAMP = 'dist/dashboard/.fingerprint';

const steps = {
  install: {
    title: 'installing packages (about a minute)',
    isDone: packagesAreInstalled,
    run: installPackages,
  },
  generate: {
    title: 'generating the database client',
    isDone: () => readStamp(GENERATED_STAMP) === schemaFingerprint(),
    run: generateClient,
  },
  describe: {
    title: 'describing the API',
    isDone: () => existsSync(DESCRIPTION) && readStamp(DESCRIPTION_STAMP) === apiFingerprint(),
    run: describeApi,
  },
  sdkClient: {
    title: "generating the SDK's client",
    isDone: () => readStamp(SDK_CLIENT_STAMP) === descriptionFingerprint(),
    run: generateSdkClient,
  },
  compile: {
    title: 'compiling',
    isDone: () => readStamp(BUILD_STAMP) === sourceFingerprint() && listSources().every(hasOutput),
    run: compile,
  },
  client: {
    title: "generating the dashboard's client",
    isDone: () => readStamp(CLIENT_STAMP) === clientFingerprint(),
    run: generateApiClient,
  },
  dashboard: {
    title: 'building the dashboard',
    isDone: () => readStamp(DASHBOARD_STAMP) === dashboardFingerprint(),
    run: buildDashboard,
  },
};

async function setUp({ rebuild }) {
  checkNodeVersion();
  const needed = Object.values(steps);
  if (!rebuild && needed.every((step) => step.isDone())) return;
  const onWait = (owner) => say(`waiting for another set-up of this checkout (process ${owner})\n`);
  await withLock('.wavekeeper/setup.lock', { onWait }, async () => {
    if (rebuild) rmSync('dist', { recursive: true, force: true });
    for (const step of needed) if (!step.isDone()) await runStep(step);
  });
}

async function runStep({ title, run }) {
  const startedAt = performance.now();
  say(`${title} … `);
  await run();
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  throw new Error(`Wavekeeper needs Node ${NODE_MIN.join('.')} or newer; this is ${process.versions.node}.`);
}

// --- packages ---

/** Compares the lock file with the record that npm keeps of what it has installed, whoever called it. */
function packagesAreInstalled() {
  if (!existsSync('node_modules/.package-lock.json')) return false;
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const installed = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages;
  return Object.entries(wanted).every(([location, entry]) => {
    if (location === '') return true; // this project itself
    const found = installed[location];
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

async function installPackages() {
  // NODE_ENV=production must not leave out the compiler; no package here needs its install script.
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-progress'];
  const scratchCache = canWriteCache() ? undefined : mkdtempSync(path.join(tmpdir(), 'wavekeeper-npm-'));
  if (scratchCache !== undefined) args.push(`--cache=${scratchCache}`);
  try {
    const npmCli = process.env.npm_execpath ?? '';
    if (path.basename(npmCli) === 'npm-cli.js') await runQuietly(process.execPath, [npmCli, ...args]);
    else await runQuietly('npm', args, { shell: process.platform === 'win32' }); // there npm is a batch file
  } finally {
    if (scratchCache !== undefined) rmSync(scratchCache, { recursive: true, force: true });
  }
}

function canWriteCache() {
  const cacheDir = process.env.npm_config_cache || path.join(homedir(), '.npm');
  try {
    mkdirSync(cacheDir, { recursive: true });
    accessSync(cacheDir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

// --- database client ---

function schemaFingerprint() {
  return fingerprint(['package-lock.json', 'prisma.config.ts', 'prisma/schema.prisma']);
}

async function generateClient() {
  const stamp = schemaFingerprint();
  rmSync(GENERATED_DIR, { recursive: true, force: true });
  await runQuietly(process.execPath, ['scripts/prisma.mjs', 'generate']);
  writeFileSync(GENERATED_STAMP, stamp);
}

// --- the API's description, and the client that is made of it ---

const DESCRIBE = 'scripts/openapi.mjs';
const TYPESCRIPT_HOOKS = './scripts/typescript-hooks.mjs';
const GENERATE_SDK_CLIENT = 'scripts/sdk-client.mjs';

/** What the description says is in the API's sources and in the libraries that they know. */
function apiFingerprint() {
  const sources = listSources().filter((file) =>
    /^(apps\/api|libs\/(?!sdk\/))/.test(file.replaceAll('\\', '/')),
  );
  return fingerprint(['package-lock.json', DESCRIBE, TYPESCRIPT_HOOKS, ...sources]);
}

async function describeApi() {
  const stamp = apiFingerprint();
  // From the sources: the compiler cannot run before the client is there.
  const hooks = ['--conditions=source', '--import', TYPESCRIPT_HOOKS];
  await runQuietly(process.execPath, [...hooks, DESCRIBE, DESCRIPTION]);
  writeFileSync(DESCRIPTION_STAMP, stamp);
}

function descriptionFingerprint() {
  return fingerprint(['package-lock.json', GENERATE_SDK_CLIENT, DESCRIPTION]);
}

async function generateSdkClient() {
  rmSync(SDK_CLIENT_DIR, { recursive: true, force: true });
  await runQuietly(process.execPath, [GENERATE_SDK_CLIENT, DESCRIPTION, SDK_CLIENT_DIR]);
  writeFileSync(SDK_CLIENT_STAMP, descriptionFingerprint());
}

// --- compiled code ---

function listSources() {
  const accepts = (name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.endsWith('.d.ts');
  // Vite builds the dashboard; nothing that runs needs what supports the tests.
  const skipped = ['generated', 'test', 'test-support'];
  const found = listFiles(['apps', 'libs', 'bench'], { accepts, skipped });
  return found.filter((file) => !file.startsWith(path.join('apps', 'dashboard', path.sep)));
}

function sourceFingerprint() {
  const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json'];
  return fingerprint([...settings, ...listSources()], schemaFingerprint() + descriptionFingerprint());
}

const outputOf = (source) => path.join('dist', source.replace(/\.ts$/, '.js'));
const hasOutput = (source) => existsSync(outputOf(source));

async function compile() {
  const stamp = sourceFingerprint();
  // tsc trusts its own notes about what it has written; without the outputs they are wrong.
  if (!listSources().every(hasOutput)) rmSync('dist/.tsbuildinfo', { force: true });
  await runQuietly(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  removeStaleOutputs();
  writeFileSync(BUILD_STAMP, stamp);
}

/** Deletes what was compiled from files that are gone, which tsc leaves behind. */
function removeStaleOutputs() {
  const compiled = listFiles(['dist/apps', 'dist/libs', 'dist/bench'], {
    accepts: (name) => name.endsWith('.js'),
  });
  for (const output of compiled) {
    const source = path.relative('dist', output).replace(/\.js$/, '.ts');
    if (existsSync(source)) continue;
    rmSync(output);
    rmSync(`${output}.map`, { force: true });
  }
}

// --- the dashboard ---

/** The client follows the API's description, so that a change of the API that nobody sees from outside makes nothing anew. */
function clientFingerprint() {
  return fingerprint(['package-lock.json', 'scripts/dashboard-client.mjs', DESCRIPTION]);
}

async function generateApiClient() {
  const stamp = clientFingerprint();
  await runQuietly(process.execPath, ['scripts/dashboard-client.mjs']);
  writeFileSync(CLIENT_STAMP, stamp);
}

function dashboardFingerprint() {
  const accepts = (name) => !/\.spec\.tsx?$/.test(name);
  const sources = listFiles(['apps/dashboard'], { accepts, skipped: ['generated'] });
  return fingerprint(['scripts/dashboard.mjs', ...sources], clientFingerprint());
}

async function buildDashboard() {
  const stamp = dashboardFingerprint();
  await runQuietly(process.execPath, ['scripts/dashboard.mjs']);
  writeFileSync(DASHBOARD_STAMP, stamp);
}

// --- the rest ---

function readStamp(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Runs a program without showing what it prints, unless it fails. */
async function runQuietly(program, args, options = {}) {
  const output = [];
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code === 0) return;
  const lines = Buffer.concat(output).toString('utf8').trimEnd().split('\n');
  const telling = lines.filter((line) => !line.startsWith('npm warn')); // npm gives its reason first, then its manual
  throw new Error(`failed:\n${telling.slice(0, FAILURE_LINES_MAX).join('\n')}`);
}

function say(text) {
  process.stderr.write(`set-up: ${text}`);
}

try {
  await setUp({ rebuild: process.argv.includes('--rebuild') });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
